using Microsoft.Extensions.Logging;

namespace Allocora.Messaging;

/// <summary>
/// Brings messages to a handler and sees to those it cannot handle. Once a call returns, every message of it has left a
/// committed trace, in the handler's transaction or as a dead letter; when it throws, none of them may be acknowledged.
/// </summary>
internal sealed partial class Consumer(
    string name, BatchHandler handler, DeadLetterBox deadLetters, Attempts attempts, TimeProvider time, ILogger<Consumer> logger)
    : IDisposable
{
    private const string CrashSuspect = "crash-suspect";
    private static readonly Verdict Suspect = Verdict.Broken(CrashSuspect, $"The process ended {Attempts.Max} times while it was being handled.");

    // The handler is never called twice at a time: neither replays nor messages overtake what is being decided.
    private readonly SemaphoreSlim turn = new(1);
    private readonly ConsumerTelemetry telemetry = new(name, time);

    public Task Handle(IReadOnlyList<Received> batch, CancellationToken ct) => InTurn(async () =>
    {
        var verdicts = await Work(batch, ct);
        for (var i = 0; i < verdicts.Length; i++)
            if (verdicts[i].ReasonCode is not null) await Keep(batch[i], verdicts[i], ct);
    }, ct);

    /// <summary>Whether a message is still to come that may have ended a process. It needs the database, and shows that it is there.</summary>
    public async Task<bool> IsOneSuspected(CancellationToken ct)
    {
        var isSuspected = false;
        await InTurn(async () =>
        {
            await attempts.Settle(ct);
            isSuspected = await attempts.Any(ct);
        }, ct);
        return isSuspected;
    }

    /// <summary>The same for one message that may end the process.</summary>
    /// <returns>Whether it was put aside as one that does.</returns>
    public async Task<bool> HandleSuspected(Received message, CancellationToken ct)
    {
        var verdict = Verdict.Done;
        await InTurn(async () =>
        {
            verdict = await Try(message, ct);
            if (verdict.ReasonCode is not null) await Keep(message, verdict, ct);
            await attempts.End(message.Id, ct);
        }, ct);
        return verdict == Suspect;
    }

    /// <summary>Handles a dead letter once more.</summary>
    public Task Replay(long id, Received message, CancellationToken ct) => InTurn(async () =>
    {
        var verdict = await Try(message, ct);
        if (verdict.ReasonCode is { } reason)
        {
            await deadLetters.FailedAgain(id, verdict, ct);
            FailedAgain(name, id, message.Id, reason);
        }
        else
        {
            await deadLetters.Replayed(id, ct);
            Replayed(name, id, message.Id);
        }
        await attempts.End(message.Id, ct);
    }, ct);

    public void Dispose() => turn.Dispose();

    private async Task InTurn(Func<Task> work, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            await work();
        }
        catch (Exception e)
        {
            throw new UnavailableException(Fault.WhyWeWait(e), e);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<Verdict> Try(Received message, CancellationToken ct)
    {
        if (!await attempts.Start(message.Id, ct)) return Suspect;
        try
        {
            return (await Work([message], ct))[0];
        }
        catch (Exception)
        {
            await attempts.TakeBack(message.Id);
            throw;
        }
    }

    private async Task<Verdict[]> Work(IReadOnlyList<Received> batch, CancellationToken ct)
    {
        using var work = telemetry.Start(batch);
        var verdicts = new Verdict[batch.Count];
        try
        {
            await Decide(batch, 0, batch.Count, verdicts, ct);
        }
        catch (Exception e)
        {
            work.Fail(e);
            throw;
        }
        work.End(verdicts);
        return verdicts;
    }

    /// <summary>Halves a batch that fails until the messages that make it fail stand alone.</summary>
    private async Task Decide(IReadOnlyList<Received> batch, int from, int count, Verdict[] verdicts, CancellationToken ct)
    {
        try
        {
            var part = count == batch.Count ? batch : [.. batch.Skip(from).Take(count)];
            var answers = await handler(part, ct);
            if (answers.Count != count) throw new UnavailableException($"The handler answers for {answers.Count} of {count} messages.");
            for (var i = 0; i < count; i++) verdicts[from + i] = answers[i];
            return;
        }
        catch (Exception e)
        {
            if (Fault.OfMessage(e) is not { } broken) throw;
            if (count == 1)
            {
                verdicts[from] = broken;
                return;
            }
        }
        await Decide(batch, from, count / 2, verdicts, ct);
        await Decide(batch, from + count / 2, count - count / 2, verdicts, ct);
    }

    private async Task Keep(Received message, Verdict verdict, CancellationToken ct)
    {
        await deadLetters.Keep(message, verdict, ct);
        telemetry.Kept(message);
        DeadLettered(name, message.Id, verdict.ReasonCode!);
    }

    [LoggerMessage(LogLevel.Warning, "{Consumer} keeps message {MessageId} as a dead letter: {Reason}")]
    private partial void DeadLettered(string consumer, string messageId, string reason);

    [LoggerMessage(LogLevel.Information, "{Consumer} has handled dead letter {DeadLetter}, message {MessageId}")]
    private partial void Replayed(string consumer, long deadLetter, string messageId);

    [LoggerMessage(LogLevel.Warning, "{Consumer} could not handle dead letter {DeadLetter}, message {MessageId}, this time either: {Reason}")]
    private partial void FailedAgain(string consumer, long deadLetter, string messageId, string reason);
}
