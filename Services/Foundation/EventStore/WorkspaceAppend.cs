namespace Allocora.EventStore;

public sealed partial class EventLog
{
    /// <summary>
    /// Appends one entry in a transaction that is its workspace's, as the service's own role has to. Setting, append and commit
    /// travel together, so nobody waits for the network while the log is held.
    /// </summary>
    public async Task<Appended> Append(Entry entry, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(entry.Workspace));
        batch.BatchCommands.Add(new(Call));
        Describe(batch.BatchCommands[1].Parameters, [entry]);

        // The answer counts once the reader is at its end: only then has the server committed and said so.
        var answer = default(Appended);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct)) answer = await Answer(reader, ct);
        await reader.NextResultAsync(ct);
        return answer;
    }
}
