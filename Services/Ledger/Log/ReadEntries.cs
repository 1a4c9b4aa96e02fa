using Allocora.Contracts.Api;
using Allocora.EventStore;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>A stream with what binds each of its events into the chain.</summary>
internal static class ReadEntries
{
    public static async Task<IReadOnlyList<(StoredEvent Stored, LedgerEntry Entry)>> Of(
        NpgsqlDataSource database, string workspace, string stream, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(new("""
            select e.seq_id, e.id, e.version, e.type, e.data, e.timestamp, e.headers, e.correlation_id, e.causation_id, s.content, s.chain
            from mt_events as e join allocora_seal as s using (seq_id)
            where e.tenant_id = $1 and e.stream_id = $2 order by e.version
            """) { Parameters = { new() { Value = workspace }, new() { Value = stream } } });
        var entries = new List<(StoredEvent, LedgerEntry)>();
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var stored = new StoredEvent(
                reader.GetInt64(0), reader.GetGuid(1), workspace, stream, reader.GetInt64(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4),
                reader.GetFieldValue<DateTimeOffset>(5), Text(reader, 6), Text(reader, 7), Text(reader, 8));
            entries.Add((stored, new(
                stored.Sequence, stored.Id, stream, stored.Version, stored.Type, stored.At, stored.Correlation, EventCatalog.ActorOf(stored),
                Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(9)), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(10)))));
        }
        return entries;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
