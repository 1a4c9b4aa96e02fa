using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;

namespace Allocora.Messaging;

/// <summary>
/// Takes batches from a queue, has them handled, and acknowledges what is committed. While it cannot work it takes nothing: the
/// broker counts every message it gets back.
/// </summary>
internal sealed partial class ConsumerHost(
    Consumption consumption, Consumer consumer, DeadLetterBox deadLetters, Attempts attempts, BrokerConnection broker, NpgsqlDataSource worker,
    TimeProvider time, ILogger<ConsumerHost> logger) : BackgroundService
{
    /// <summary>From this on the broker's count says that consumers die, though not of which message.</summary>
    public const int SuspectAfter = 3;

    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(200), DelayMax = TimeSpan.FromSeconds(30);
    // Shorter than the time after which RabbitMQ takes a message from a consumer that keeps it.
    private static readonly TimeSpan HoldMax = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(20);
    private readonly string queue = consumption.Queue.Name;
    private Care care = Care.Usual;
    private int wellSince;
    private TimeSpan delayMax = DelayMin;
    private volatile string? waitingBecause = "It has not begun to take messages yet.";

    private enum Care
    {
        Usual,

        /// <summary>After a failure of ours: one message shows whether all is well again, so that no other is taken in vain.</summary>
        Trying,

        /// <summary>A message ends the process: one at a time, each with a trace that it was begun.</summary>
        Quarantine,
    }

    /// <summary>Null while it takes messages.</summary>
    public string? WaitingBecause => waitingBecause;

    public bool IsInQuarantine => care == Care.Quarantine;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Activity.Current = null; // whoever started the host is nobody's producer
        var replays = new Replays(queue, consumer, deadLetters, worker, time, logger).Run(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Consume(stoppingToken);
                continue;
            }
            catch (Exception e) when (Fault.IsOurs(e))
            {
                if (stoppingToken.IsCancellationRequested) break;
                var reason = Fault.WhyWeWait(e);
                if (reason != waitingBecause) Waiting(queue, reason, (e.InnerException ?? e).GetType().Name);
                waitingBecause = reason;
                if (care == Care.Usual) Turn(Care.Trying);
            }
            await Pause(stoppingToken);
        }
        await replays;
    }

    public override void Dispose()
    {
        consumer.Dispose();
        base.Dispose();
    }

    /// <summary>One stay at the queue: until we stop, it breaks, or another prefetch is called for.</summary>
    private async Task Consume(CancellationToken stopping)
    {
        // It needs the database, so that nothing is taken while that is away.
        if (await consumer.IsOneSuspected(stopping) && care != Care.Quarantine) Turn(Care.Quarantine);

        var connection = await broker.Opened(stopping);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(false, false), stopping);
        await DeclareTopology.Queue(channel, consumption.Queue, stopping);
        using var intake = new Intake(channel, care == Care.Usual ? consumption.Prefetch : 1);
        await intake.Start(queue, stopping);
        if (care == Care.Usual) waitingBecause = null;

        // Whoever stops waits for what has arrived: the handler's token is not the one that stops, but its deadline.
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        await using var deadline = stopping.Register(() => patience.CancelAfter(DrainMax));
        var handling = HandleAll(channel, intake, stopping, patience.Token);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStop = stopping.Register(stopped.SetResult);
        await Task.WhenAny(handling, stopped.Task);
        if (!handling.IsCompleted) await intake.Stop(patience.Token);
        await handling;
        await channel.CloseAsync(patience.Token);
    }

    private async Task HandleAll(IChannel channel, Intake intake, CancellationToken stopping, CancellationToken ct)
    {
        var batch = new List<Received>(consumption.BatchMax);
        var began = care;
        var (max, wait) = began == Care.Usual ? (consumption.BatchMax, consumption.BatchWait) : (1, TimeSpan.Zero);
        while (await intake.Take(batch, max, wait, time, ct))
        {
            if (!channel.IsOpen) throw new UnavailableException("RabbitMQ closed the channel.");
            if (care != Care.Quarantine && batch.Exists(m => m.DeliveryCount >= SuspectAfter))
            {
                Turn(Care.Quarantine);
                // A prefetch holds for as long as one consumes.
                if (began != Care.Quarantine) await intake.Stop(ct);
            }
            if (care == Care.Quarantine) await HandleOneByOne(intake, batch, stopping, ct);
            else
            {
                if (began == Care.Trying) await Hold(() => consumer.Handle(batch, ct), stopping);
                else await consumer.Handle(batch, ct);
                if (care == Care.Trying) Turn(Care.Usual);
                if (care != began) await intake.Stop(ct);
                await Acknowledge(intake, batch[^1], ct);
            }
        }
    }

    private async Task HandleOneByOne(Intake intake, List<Received> batch, CancellationToken stopping, CancellationToken ct)
    {
        foreach (var message in batch)
        {
            await Hold(async () => wellSince = await consumer.HandleSuspected(message, ct) ? 0 : wellSince + 1, stopping);
            if (care == Care.Quarantine && wellSince >= consumption.Prefetch)
            {
                // All that were on their way here together with the one that did it are through.
                await attempts.Forget(ct);
                Turn(Care.Usual);
                await intake.Stop(ct);
            }
            await Acknowledge(intake, message, ct);
        }
    }

    private async Task Acknowledge(Intake intake, Received last, CancellationToken ct)
    {
        await intake.Acknowledge(last.DeliveryTag, ct);
        waitingBecause = null;
        delayMax = DelayMin;
    }

    /// <summary>
    /// Tries again and keeps the one message meanwhile, as giving it back would count against it. Not for ever: the next consumer
    /// may reach what we cannot.
    /// </summary>
    private async Task Hold(Func<Task> handle, CancellationToken stopping)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                await handle();
                return;
            }
            catch (UnavailableException e) when (!stopping.IsCancellationRequested && time.GetElapsedTime(began) < HoldMax)
            {
                waitingBecause = e.Message;
            }
            await Pause(stopping);
            if (stopping.IsCancellationRequested) throw new UnavailableException("It stops.");
        }
    }

    /// <summary>Anything from nothing to a maximum that doubles: consumers that failed together do not come back together.</summary>
    private async Task Pause(CancellationToken stopping)
    {
        var delay = delayMax * Random.Shared.NextDouble();
        delayMax = delayMax * 2 < DelayMax ? delayMax * 2 : DelayMax;
        await Task.Delay(delay, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Turn(Care to)
    {
        if (to == Care.Quarantine) EntersQuarantine(queue);
        if (care == Care.Quarantine) LeavesQuarantine(queue);
        (care, wellSince) = (to, 0);
    }

    [LoggerMessage(LogLevel.Warning, "Nothing is taken from {Queue} for now: {Reason} ({Fault})")]
    private partial void Waiting(string queue, string reason, string fault);

    [LoggerMessage(LogLevel.Warning, "A message of {Queue} may end the process; they are now taken one at a time")]
    private partial void EntersQuarantine(string queue);

    [LoggerMessage(LogLevel.Information, "Messages of {Queue} are taken in batches again")]
    private partial void LeavesQuarantine(string queue);
}
