using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Allocora.EventStore;

/// <param name="Events">How many were checked.</param>
/// <param name="FirstBad">The first position where the log and its seal part; null when they agree.</param>
public sealed record Verification(long Events, long? FirstBad, byte[] Chain)
{
    public bool Ok => FirstBad is null;
}

/// <summary>Recomputes a workspace's hash chain from the log alone and holds it against the one written when the events were.</summary>
public sealed class Seal(NpgsqlDataSource source)
{
    private const string Sealed = """
        select coalesce(e.seq_id, s.seq_id), e.id, e.stream_id, e.version, e.type, e.timestamp, e.data::text, e.headers::text, s.content, s.chain
        from (select * from mt_events where tenant_id = $1) as e
        full join (select * from allocora_seal where tenant_id = $1) as s using (seq_id)
        order by 1
        """;

    /// <summary>Checks every event of a workspace, and that the chain ends where the head says.</summary>
    public async Task<Verification> Verify(string workspace, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        // Log, seal and head have to be of one moment.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        var chain = SHA256.HashData(Encoding.UTF8.GetBytes(workspace));
        long events = 0, last = 0;
        await using (var command = new NpgsqlCommand(Sealed, connection, transaction) { Parameters = { new() { Value = workspace } } })
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
            {
                (last, events) = (reader.GetInt64(0), events + 1);
                if (reader.IsDBNull(1) || reader.IsDBNull(9)) return new(events, last, chain);
                var content = CanonicalJson.Hash(reader.GetString(6), reader.IsDBNull(7) ? null : reader.GetString(7));
                chain = Link(chain, SHA256.HashData([.. LeafHead(workspace, reader), .. content]));
                if (!content.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(8)) || !chain.AsSpan().SequenceEqual(reader.GetFieldValue<byte[]>(9)))
                    return new(events, last, chain);
            }
        }
        return await AgreesWithHead(connection, workspace, events, last, chain, ct) ? new(events, null, chain) : new(events, last, chain);
    }

    private static async Task<bool> AgreesWithHead(
        NpgsqlConnection connection, string workspace, long events, long last, byte[] chain, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select seq_id, events, chain from allocora_head where tenant_id = $1", connection)
        {
            Parameters = { new() { Value = workspace } },
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return events == 0;
        return reader.GetInt64(0) == last && reader.GetInt64(1) == events && reader.GetFieldValue<byte[]>(2).AsSpan().SequenceEqual(chain);
    }

    private static byte[] Link(byte[] before, byte[] leaf) => SHA256.HashData([1, .. before, .. leaf]);

    // The same bytes as allocora_leaf_head in Schema/003_append.sql.
    private static byte[] LeafHead(string workspace, NpgsqlDataReader reader)
    {
        var microseconds = (reader.GetFieldValue<DateTimeOffset>(5) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var (sequence, id, stream, version, type) =
            (reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetInt64(3), reader.GetString(4));
        var text = string.Create(CultureInfo.InvariantCulture, $"1\n{sequence}\n{id}\n{workspace}\n{stream}\n{version}\n{type}\n{microseconds}\n");
        return [0, .. Encoding.UTF8.GetBytes(text)];
    }
}
