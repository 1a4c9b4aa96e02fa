using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Allocora.Messaging;

/// <summary>
/// What the broker has handed out and nobody has taken yet. (The client's ready-made consumer would start a trace of its own
/// for each delivery.)
/// </summary>
internal sealed class Intake(IChannel channel, int prefetch) : AsyncDefaultBasicConsumer(channel), IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);
    private readonly Channel<Received> arrived = System.Threading.Channels.Channel.CreateBounded<Received>(
        new BoundedChannelOptions(prefetch) { SingleReader = true, SingleWriter = true });
    private readonly SemaphoreSlim acknowledging = new(1);
    private ulong handled, acknowledged, last;
    private bool isWithheld, isStopped;

    private bool IsFull => Interlocked.Read(ref last) - acknowledged == (ulong)prefetch;

    public async Task Start(string queue, CancellationToken ct)
    {
        await Channel.BasicQosAsync(0, (ushort)prefetch, global: false, ct);
        await Channel.BasicConsumeAsync(queue, autoAck: false, consumer: this, cancellationToken: ct);
    }

    /// <summary>
    /// Lets no more in. What has arrived can still be taken. What a quorum queue is handing out while it is told so, it counts as
    /// given back; it hands out nothing once its whole prefetch is unacknowledged, so acknowledgements wait until it is still.
    /// </summary>
    public async Task Stop(CancellationToken ct)
    {
        await acknowledging.WaitAsync(ct);
        var isAsked = isWithheld || isStopped;
        isWithheld = !isAsked;
        acknowledging.Release();
        if (isAsked) return;

        for (var before = ulong.MaxValue; !IsFull && before != Interlocked.Read(ref last);)
        {
            before = Interlocked.Read(ref last);
            await Task.Delay(Quiet, ct);
        }
        if (Channel.IsOpen) await Channel.BasicCancelAsync(ConsumerTags[0], noWait: false, ct);
        await acknowledging.WaitAsync(ct);
        (isWithheld, isStopped) = (false, true);
        acknowledging.Release();
        await Acknowledge(handled, ct);
    }

    /// <summary>All up to this message are done with.</summary>
    public async Task Acknowledge(ulong tag, CancellationToken ct)
    {
        await acknowledging.WaitAsync(ct);
        try
        {
            handled = tag;
            if (isWithheld || handled == acknowledged) return;
            await Channel.BasicAckAsync(handled, multiple: true, ct);
            acknowledged = handled;
        }
        finally
        {
            acknowledging.Release();
        }
    }

    /// <summary>Fills <paramref name="batch"/> with what is there, waiting for more when that is little.</summary>
    /// <returns>False when all has been taken and no more will come.</returns>
    public async Task<bool> Take(List<Received> batch, int max, TimeSpan wait, TimeProvider time, CancellationToken ct)
    {
        batch.Clear();
        if (!await arrived.Reader.WaitToReadAsync(ct)) return false;
        TakeWhatIsThere();
        if (batch.Count == max || wait == TimeSpan.Zero) return true;
        using var patience = new CancellationTokenSource(wait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, ct);
        try
        {
            while (batch.Count < max && await arrived.Reader.WaitToReadAsync(either.Token)) TakeWhatIsThere();
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return true;
        }
        return true;

        void TakeWhatIsThere()
        {
            while (batch.Count < max && arrived.Reader.TryRead(out var message)) batch.Add(message);
        }
    }

    public void Dispose() => acknowledging.Dispose();

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        // There is room for all that may be unacknowledged; only one that came after the end finds the door closed, and comes again.
        Interlocked.Exchange(ref last, deliveryTag);
        arrived.Writer.TryWrite(Received.From(deliveryTag, redelivered, routingKey, properties, body.Span));
        return Task.CompletedTask;
    }

    public override async Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        await base.HandleBasicCancelOkAsync(consumerTag, cancellationToken);
        arrived.Writer.TryComplete();
    }

    public override async Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        await base.HandleBasicCancelAsync(consumerTag, cancellationToken);
        arrived.Writer.TryComplete(new UnavailableException("RabbitMQ has taken the queue away."));
    }

    public override async Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        await base.HandleChannelShutdownAsync(channel, reason);
        arrived.Writer.TryComplete(new UnavailableException($"RabbitMQ closed the channel: {reason.ReplyText.TrimEnd('.')}."));
    }
}
