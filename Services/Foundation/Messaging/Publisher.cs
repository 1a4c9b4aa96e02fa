using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Messaging;

/// <summary>What became of a message.</summary>
public enum Delivery
{
    /// <summary>Not known. No caller sees it: such a message is published again.</summary>
    Unconfirmed,

    /// <summary>The broker has it on disk.</summary>
    Confirmed,

    /// <summary>Nobody has a queue for it, and nobody has to.</summary>
    Unheard,
}

/// <summary>
/// Sends messages to one exchange and knows which have arrived. What was not confirmed when a channel or a broker went away is
/// published again, so a receiver may see up to a window of messages twice, and never misses one.
/// </summary>
public sealed partial class Publisher(BrokerConnection broker, Destination to, string service, TimeProvider time, ILogger<Publisher> logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(200), RetryDelayMax = TimeSpan.FromSeconds(5);
    private static readonly CreateChannelOptions WithConfirms =
        // The client's own tracking writes a header into every message and a task for each; its limiter is fifty times slower.
        new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false);
    private readonly SemaphoreSlim oneAtATime = new(1);
    private Session? session;
    private volatile string? waitingBecause;

    /// <summary>Why messages do not get out; null when they do.</summary>
    public string? WaitingBecause => waitingBecause;

    /// <summary>
    /// Publishes them in their order and returns once each is confirmed, or unheard where nobody has to hear it. It does not give
    /// up: as long as the broker is away, full or takes nothing, it waits.
    /// </summary>
    public async Task<IReadOnlyList<Delivery>> Publish(IReadOnlyList<OutgoingMessage> messages, CancellationToken ct)
    {
        if (messages.Count == 0) return [];
        await oneAtATime.WaitAsync(ct);
        using var batch = Tracing.Batch(messages.Count);
        var started = time.GetTimestamp();
        try
        {
            var deliveries = new Delivery[messages.Count];
            await PublishAll(messages, deliveries, ct);
            Count(deliveries);
            return deliveries;
        }
        finally
        {
            waitingBecause = null; // also when the caller gave up: nothing waits then
            PublishingTelemetry.Duration.Record(
                time.GetElapsedTime(started).TotalSeconds, PublishingTelemetry.System, PublishingTelemetry.Where(to.Exchange));
            oneAtATime.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Discard();
        oneAtATime.Dispose();
    }

    private async Task PublishAll(IReadOnlyList<OutgoingMessage> messages, Delivery[] deliveries, CancellationToken ct)
    {
        var delay = RetryDelayMin;
        while (true)
        {
            var order = Enumerable.Range(0, messages.Count).Where(i => IsOpen(deliveries[i])).ToArray();
            if (order.Length == 0) break;
            var trouble = await Attempt(messages, order, deliveries, ct);
            var left = order.Count(i => IsOpen(deliveries[i]));
            if (left == 0) break;
            if (left < order.Length) delay = RetryDelayMin;
            PublishingTelemetry.Repeated.Add(left, PublishingTelemetry.Where(to.Exchange));
            if (trouble != waitingBecause) Waiting(left, to.Exchange, trouble);
            waitingBecause = trouble;
            await Task.Delay(delay * (0.5 + Random.Shared.NextDouble()), time, ct);
            delay = delay * 2 < RetryDelayMax ? delay * 2 : RetryDelayMax;
        }
        if (waitingBecause is not null) GoesOn(to.Exchange);
    }

    private bool IsOpen(Delivery delivery) => delivery == Delivery.Unconfirmed || (delivery == Delivery.Unheard && to.MustBeHeard);

    /// <summary>Publishes once what is open and says what stands in the way of the rest.</summary>
    private async Task<string> Attempt(IReadOnlyList<OutgoingMessage> messages, int[] order, Delivery[] deliveries, CancellationToken ct)
    {
        PublishingTelemetry.Unconfirmed.Add(order.Length, PublishingTelemetry.Where(to.Exchange));
        try
        {
            var open = await Open(ct);
            var window = open.Window = new(messages, order, deliveries, open.Published + 1);
            foreach (var i in order)
            {
                await window.Room(IsBlocked, time, ct);
                if (broker.IsBlocked) await broker.Unblocked(ct);
                await Send(open, messages[i], ct);
            }
            FaultPoint.Reach("before-confirm");
            await window.All(IsBlocked, time, ct);
            return window.Refused > 0
                ? "RabbitMQ refuses messages: a queue is full."
                : $"Nobody has a queue for what is published to {to.Exchange}.";
        }
        catch (Exception e) when (WhyNot(e) is { } reason && !ct.IsCancellationRequested)
        {
            await Discard();
            return reason;
        }
        catch (Exception)
        {
            await Discard(); // it may still confirm what nobody waits for, and may count otherwise than we do
            throw;
        }
        finally
        {
            PublishingTelemetry.Unconfirmed.Add(-order.Length, PublishingTelemetry.Where(to.Exchange));
        }
    }

    private bool IsBlocked() => broker.IsBlocked;

    private async ValueTask Send(Session open, OutgoingMessage message, CancellationToken ct)
    {
        var properties = WireForm.Properties(to, message, service, time.GetUtcNow());
        open.Published++;
        open.Window!.Published(); // before, for the answer may come before the call returns
        await open.Channel.BasicPublishAsync(to.Exchange, WireForm.RoutingKey(to, message), mandatory: true, properties, message.Data, ct);
    }

    private async Task<Session> Open(CancellationToken ct)
    {
        if (session is { Channel.IsOpen: true } usable) return usable;
        await Discard();
        var connection = await broker.Opened(ct);
        var opened = session = new(await connection.CreateChannelAsync(WithConfirms, ct));
        if (to.Queue is null) await DeclareTopology.Exchange(opened.Channel, to.Exchange, ct);
        return opened;
    }

    private async Task Discard()
    {
        var old = Interlocked.Exchange(ref session, null);
        if (old is null) return;
        try
        {
            await old.Channel.DisposeAsync();
        }
        catch (Exception e) when (WhyNot(e) is { } reason)
        {
            CannotClose(reason); // it is gone with its connection
        }
    }

    private void Count(Delivery[] deliveries)
    {
        var unheard = deliveries.Count(d => d == Delivery.Unheard);
        PublishingTelemetry.Sent.Add(deliveries.Length, PublishingTelemetry.System, PublishingTelemetry.Where(to.Exchange));
        if (unheard > 0) PublishingTelemetry.Unroutable.Add(unheard, PublishingTelemetry.Where(to.Exchange));
    }

    /// <summary>Why the broker cannot be reached, in words for readiness and the log; null when the exception is about something else.</summary>
    public static string? WhyNot(Exception e) => e switch
    {
        TopologyException => e.Message,
        ChannelGoneException => $"{e.Message.TrimEnd('.')}.",
        OperationInterruptedException { ShutdownReason: { } reason } => $"RabbitMQ closed the channel: {reason.ReplyText.TrimEnd('.')}.",
        OperationInterruptedException or IOException or ObjectDisposedException or ChannelClosedException => "RabbitMQ is gone.",
        TimeoutException or OperationCanceledException => "RabbitMQ does not answer.", // the client's own, while it opens a channel
        _ => null,
    };

    private sealed class Session
    {
        public Session(IChannel channel)
        {
            Channel = channel;
            channel.BasicAcksAsync += (_, e) => Answer(e.DeliveryTag, e.Multiple, confirmed: true);
            channel.BasicNacksAsync += (_, e) => Answer(e.DeliveryTag, e.Multiple, confirmed: false);
            channel.BasicReturnAsync += Return;
            channel.ChannelShutdownAsync += (_, e) =>
            {
                Window?.Break($"RabbitMQ closed the channel: {e.ReplyText}");
                return Task.CompletedTask;
            };
        }

        public IChannel Channel { get; }

        public ulong Published { get; set; }

        public ConfirmWindow? Window { get; set; }

        private Task Answer(ulong tag, bool multiple, bool confirmed)
        {
            Window?.Answer(tag, multiple, confirmed);
            return Task.CompletedTask;
        }

        private Task Return(object sender, BasicReturnEventArgs e)
        {
            Window?.Returned(e.BasicProperties.MessageId);
            return Task.CompletedTask;
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Count} messages to {Exchange} wait: {Reason}")]
    private partial void Waiting(int count, string exchange, string reason);

    [LoggerMessage(LogLevel.Information, "Messages to {Exchange} get out again")]
    private partial void GoesOn(string exchange);

    [LoggerMessage(LogLevel.Debug, "A channel could not be closed in order: {Reason}")]
    private partial void CannotClose(string reason);
}
