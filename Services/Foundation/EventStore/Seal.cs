using System.Data;
using Npgsql;

namespace Allocora.EventStore;

/// <param name="Events">How many were checked.</param>
/// <param name="FirstBad">
/// The first position where the log is not what it was; null when it is. Where only a signed head disagrees, because log and
/// seal were replaced together, that is the first event after the last head that agrees.
/// </param>
public sealed record Verification(long Events, long? FirstBad, byte[] Chain)
{
    public bool Ok => FirstBad is null;
}

/// <summary>Recomputes a workspace's hash chain from the log alone and holds it against the one written when the events were.</summary>
public sealed class Seal(NpgsqlDataSource source, int pageSize = 20_000)
{
    private const string Sealed = """
        select coalesce(e.seq_id, s.seq_id), e.id, e.stream_id, e.version, e.type, e.timestamp, e.data::text, e.headers::text, s.content, s.chain,
          e.mt_dotnet_type, e.correlation_id, e.causation_id
        from (select * from mt_events where tenant_id = $1 and seq_id > $2 and seq_id <= $3) as e
        full join (select * from allocora_seal where tenant_id = $1 and seq_id > $2 and seq_id <= $3) as s using (seq_id)
        order by 1
        """;

    /// <summary>Checks a workspace's events, from the first or after a position, to the last or up to one.</summary>
    /// <param name="heads">Signed heads of the workspace from outside the database, in order.</param>
    public async Task<Verification> Verify(
        string workspace, CancellationToken ct, IReadOnlyList<SignedHead>? heads = null, long after = 0, long upTo = long.MaxValue)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        // Log, seal and head have to be of one moment.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        // For the service's own role, which sees nothing else; to the others it says nothing.
        await using (var enter = Ask(connection, "select set_config('app.workspace_id', $1, true)", workspace)) await enter.ExecuteNonQueryAsync(ct);
        var walk = new Walk(workspace, after, await ChainAt(connection, workspace, after, ct), heads ?? []);
        var last = Math.Min(upTo, await Last(connection, ct));
        for (var from = after; from < last && walk.FirstBad is null; from += pageSize)
            await Page(connection, walk, from, Math.Min(from + pageSize, last), ct);
        if (walk.FirstBad is null) walk.End(upTo, await Head(connection, workspace, ct));
        return new(walk.Events, walk.FirstBad, walk.Chain);
    }

    private static async Task Page(NpgsqlConnection connection, Walk walk, long from, long to, CancellationToken ct)
    {
        await using var command = Ask(connection, Sealed, walk.Workspace, from, to);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (walk.FirstBad is null && await reader.ReadAsync(ct)) walk.Step(reader);
    }

    private static async Task<byte[]> ChainAt(NpgsqlConnection connection, string workspace, long after, CancellationToken ct)
    {
        await using var command = Ask(
            connection, "select chain from allocora_seal where tenant_id = $1 and seq_id <= $2 order by seq_id desc limit 1", workspace, after);
        return after > 0 && await command.ExecuteScalarAsync(ct) is byte[] chain ? chain : SealChain.Beginning(workspace);
    }

    // Of the whole log, events and seals: what stands alone at the end is to be found too.
    private static async Task<long> Last(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = Ask(connection,
            "select greatest((select max(seq_id) from mt_events), (select max(seq_id) from allocora_seal), 0)");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<(long Sequence, long Events, byte[] Chain)?> Head(NpgsqlConnection connection, string workspace, CancellationToken ct)
    {
        await using var command = Ask(connection, "select seq_id, events, chain from allocora_head where tenant_id = $1", workspace);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetInt64(0), reader.GetInt64(1), reader.GetFieldValue<byte[]>(2)) : null;
    }

    private static NpgsqlCommand Ask(NpgsqlConnection connection, string question, params object[] values)
    {
#pragma warning disable CA2100 // questions of this file
        var command = new NpgsqlCommand(question, connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    private sealed class Walk(string workspace, long after, byte[] start, IReadOnlyList<SignedHead> heads)
    {
        // Of a part of the log, the chain can be compared but not the number of events.
        private readonly bool isWhole = after == 0;
        private int nextHead = heads.Count(h => h.Sequence < after);
        private long last = after;
        private long? sinceAgreed;

        public string Workspace => workspace;
        public long Events { get; private set; }
        public long? FirstBad { get; private set; }
        public byte[] Chain { get; private set; } = start;

        public void Step(NpgsqlDataReader row)
        {
            if (Events == 0) Begin();
            (last, Events) = (row.GetInt64(0), Events + 1);
            sinceAgreed ??= last;
            if (FirstBad is not null) return;
            // A head of a position that holds nothing of this workspace any more.
            if (nextHead < heads.Count && heads[nextHead].Sequence < last) FirstBad = sinceAgreed;
            else if (row.IsDBNull(1) || row.IsDBNull(9) || !Fits(row)) FirstBad = last;
            else if (nextHead < heads.Count && heads[nextHead].Sequence == last) Compare(heads[nextHead]);
        }

        public void End(long upTo, (long Sequence, long Events, byte[] Chain)? head)
        {
            if (Events == 0) Begin();
            if (FirstBad is not null) return;
            if (nextHead < heads.Count && heads[nextHead].Sequence <= upTo) FirstBad = last + 1;
            else if (upTo < long.MaxValue) return; // the head is of what comes after, too
            else if (head is null) FirstBad = Events > 0 ? last : null;
            else if (head.Value.Sequence > last) FirstBad = last + 1;
            else if (isWhole && head.Value.Events != Events || !head.Value.Chain.AsSpan().SequenceEqual(Chain)) FirstBad = last;
        }

        private bool Fits(NpgsqlDataReader row)
        {
            var content = CanonicalJson.Hash(row.GetString(6), Text(row, 7), Text(row, 10), Text(row, 11), Text(row, 12));
            var at = row.GetFieldValue<DateTimeOffset>(5);
            Chain = SealChain.Next(
                Chain, SealChain.Leaf(row.GetInt64(0), row.GetGuid(1), workspace, row.GetString(2), row.GetInt64(3), row.GetString(4), at, content));
            return content.AsSpan().SequenceEqual(row.GetFieldValue<byte[]>(8)) && Chain.AsSpan().SequenceEqual(row.GetFieldValue<byte[]>(9));
        }

        // The chain a part begins with is taken from the seal; a head of just there can tell.
        private void Begin()
        {
            sinceAgreed = last;
            while (FirstBad is null && last > 0 && nextHead < heads.Count && heads[nextHead].Sequence == last) Compare(heads[nextHead]);
            sinceAgreed = null;
        }

        private void Compare(SignedHead head)
        {
            for (; nextHead < heads.Count && heads[nextHead].Sequence == head.Sequence; nextHead++)
            {
                var agrees = heads[nextHead].Chain == Convert.ToHexStringLower(Chain) && (!isWhole || heads[nextHead].Events == Events);
                if (!agrees) FirstBad = sinceAgreed;
            }
            sinceAgreed = null;
        }

        private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }
}
