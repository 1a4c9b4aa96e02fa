using System.Security.Cryptography;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>How a decision ended, and where its stream stands after it.</summary>
/// <param name="Outcome">Appended, or Duplicate when it had been appended before; null when there was nothing to append.</param>
/// <param name="Version">0 for a stream that is not there.</param>
/// <param name="LastSequence">A read model that has come this far shows what was decided.</param>
public readonly record struct Standing(Outcome? Outcome, Refusal? Refusal, long Version, long LastSequence);

/// <summary>Others wrote to the stream each time this one had decided.</summary>
public sealed class StreamContendedException(string workspace, string stream) : Exception($"The stream {stream} of {workspace} is contended.");

/// <summary>Loads, decides and appends: everything that decides on one stream goes through here.</summary>
public sealed class Streams(NpgsqlDataSource source, EventCatalog catalog, TimeProvider time)
{
    private const int AttemptsMax = 5, PauseMillisecondsMax = 10;
    private readonly EventLog log = new(source);
    private readonly EventFeed feed = new(source, time);

    /// <summary>
    /// Reads the stream, decides, appends; if someone got there first, reads and decides again. What was decided is in the log
    /// once, also when the answer to the append was lost on the way.
    /// </summary>
    /// <param name="key">Names the command within its workspace: told again, it is answered as done. Null when it has no name.</param>
    public async Task<Standing> Transact<TState, TEvent>(
        string workspace, string stream, Decider<TState, TEvent> decider, Func<TState, Decision<TEvent>> decide, Origin origin, string? key,
        CancellationToken ct) where TEvent : class
    {
        // The ids come from the command, or from this call where it has no name, and not from the attempt. So who reads the stream
        // after an append without an answer knows its events; and should that append arrive later still, the expected version turns it away.
        var name = key ?? Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var lost = false;
        for (var attempt = 1; ; attempt++)
        {
            var sent = false;
            try
            {
                var now = await Read(workspace, stream, decider, EventId.Of(workspace, name, 1), ct);
                if (now.IsDone) return new(lost ? Outcome.Appended : Outcome.Duplicate, null, now.Version, now.LastSequence);

                var decision = decide(now.State);
                if (decision.Events.Count == 0) return new(null, decision.Refusal, now.Version, now.LastSequence);

                var at = time.GetUtcNow();
                var events = decision.Events.Select((e, i) => catalog.Seal(e, EventId.Of(workspace, name, i + 1), at, origin)).ToList();
                sent = true;
                var answer = await log.Append(new Entry(workspace, stream, key, now.Version, events), ct);
                if (answer.Outcome == Outcome.Appended) return new(Outcome.Appended, null, now.Version + events.Count, answer.LastSequence!.Value);
                if (answer.Outcome == Outcome.Duplicate) return await Spent();
                // It may have been an append of ours without an answer that got there first.
                if (attempt == AttemptsMax)
                    return await Spent() is { Outcome: Outcome.Appended } ours ? ours : throw new StreamContendedException(workspace, stream);
            }
            catch (NpgsqlException e) when (attempt < AttemptsMax && IsCut(e))
            {
                // The stream itself will say whether it was appended.
                lost |= sent;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, PauseMillisecondsMax * attempt * attempt)), time, ct);
        }

        // By an append of ours that was still on its way when the stream was read; or on another stream, which is the caller's mistake.
        async Task<Standing> Spent()
        {
            var then = await Read(workspace, stream, decider, EventId.Of(workspace, name, 1), ct);
            return new(then.IsDone && lost ? Outcome.Appended : Outcome.Duplicate, null, then.Version, then.LastSequence);
        }
    }

    private async Task<Seen<TState>> Read<TState, TEvent>(
        string workspace, string stream, Decider<TState, TEvent> decider, Guid firstOfOurs, CancellationToken ct) where TEvent : class
    {
        var seen = new Seen<TState>(decider.Initial, 0, 0, IsDone: false);
        await foreach (var stored in feed.Of(workspace, stream, ct))
            seen = new(decider.Evolve(seen.State, (TEvent)catalog.Open(stored)), stored.Version, stored.Sequence, seen.IsDone || stored.Id == firstOfOurs);
        return seen;
    }

    // An error PostgreSQL reports means that nothing was committed, but for those with which it hangs up.
    private static bool IsCut(NpgsqlException e) =>
        e is not PostgresException answer || answer.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown;

    private readonly record struct Seen<TState>(TState State, long Version, long LastSequence, bool IsDone);
}
