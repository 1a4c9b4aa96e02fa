using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Messaging;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>
/// Takes what was seen at providers into the log, a batch in a few round trips. A crash anywhere brings the batch again, and what
/// of it is in the log by then is known there by its key.
/// </summary>
internal sealed class TakeMessages([FromKeyedServices("ledger_worker")] NpgsqlDataSource worker, Workspaces workspaces, TimeProvider time)
{
    private const int RoundsMax = 1000, ContentionMax = 5;
    private readonly EventLog log = new(worker);
    private readonly EventFeed feed = new(worker, time);
    private readonly Sights sights = new(worker);

    public async Task<IReadOnlyList<Verdict>> Take(IReadOnlyList<Received> batch, CancellationToken ct)
    {
        var verdicts = new Verdict[batch.Count];
        var taken = await Read(batch, verdicts, ct);
        await sights.Keep(taken.Select(t => (t.Workspace, t.Body)), ct);
        FaultPoint.Reach("before-append");

        // A stream appears once in a call, so that each version is judged by all before it. The ends of runs come last: they say
        // that all before them is there.
        var waiting = taken.OrderBy(t => t.Body is PaddleRunEnded).ToList();
        for (var round = 0; waiting.Count > 0; round++)
        {
            if (round == RoundsMax) throw new InvalidOperationException("A batch has more rounds than messages.");
            var now = waiting.DistinctBy(t => (t.Workspace, t.Stream)).ToList();
            var isAll = now.Count == waiting.Count;
            if (!isAll) now.RemoveAll(t => t.Body is PaddleRunEnded);
            await Append(now, verdicts, ct);
            waiting = isAll ? [] : [.. waiting.Except(now)];
        }
        FaultPoint.Reach("after-append");
        LedgerTelemetry.Count("taken", verdicts.Count(v => v == Verdict.Done));
        LedgerTelemetry.Count("known", verdicts.Count(v => v == Verdict.Duplicate));
        LedgerTelemetry.Count("broken", verdicts.Count(v => v.ReasonCode is not null));
        return verdicts;
    }

    private async Task<List<Taken>> Read(IReadOnlyList<Received> batch, Verdict[] verdicts, CancellationToken ct)
    {
        var taken = new List<Taken>(batch.Count);
        var there = await workspaces.AreThere(batch.Select(m => m.Workspace).OfType<string>().Where(ReadMessage.IsWorkspace), ct);
        foreach (var (place, message) in batch.Index())
        {
            var read = ReadMessage.Of(message);
            if (read.Body is { } body && there.Contains(message.Workspace!)) taken.Add(Taken.Of(place, message, body));
            else verdicts[place] = read.Refused ?? Verdict.Broken(ReadMessage.UnknownWorkspace, "There is no workspace of this id.");
        }
        return taken;
    }

    private async Task Append(List<Taken> round, Verdict[] verdicts, CancellationToken ct)
    {
        for (var attempt = 1; round.Count > 0; attempt++)
        {
            var streams = await feed.Of([.. round.Where(t => t.IsDecided).Select(t => (t.Workspace, t.Stream))], ct);
            var (entries, owners) = (new List<Entry>(round.Count), new List<Taken>(round.Count));
            foreach (var message in round)
            {
                if (Decide(message, streams.GetValueOrDefault((message.Workspace, message.Stream)) ?? []) is { } entry)
                {
                    entries.Add(entry);
                    owners.Add(message);
                }
                else
                {
                    verdicts[message.Place] = Verdict.Duplicate;
                }
            }
            var answers = await log.Append(entries, ct);
            foreach (var (owner, answer) in owners.Zip(answers))
                verdicts[owner.Place] = answer.Outcome == Outcome.Duplicate ? Verdict.Duplicate : Verdict.Done;
            // Another Ledger that is on its way out, or a person's decision, was first: read and decide again.
            round = [.. owners.Zip(answers).Where(a => a.Second.Outcome == Outcome.Contended).Select(a => a.First)];
            if (round.Count > 0 && attempt == ContentionMax) throw new UnavailableException("Others keep writing to the same streams of the log.");
        }
    }

    private Entry? Decide(Taken message, IReadOnlyList<StoredEvent> history)
    {
        try
        {
            return message.Decide(history, time.GetUtcNow());
        }
        catch (UnreadableEventException e)
        {
            // A later release wrote it. The message is as good as any; it waits for a program that can judge it.
            throw new UnavailableException(e.Message, e);
        }
    }
}
