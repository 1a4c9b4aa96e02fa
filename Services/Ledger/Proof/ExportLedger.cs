using System.Data;
using System.IO.Pipelines;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>
/// A workspace's log as a file, of one moment, with all it takes to recompute its chain elsewhere. Whether it is what it was, who
/// reads the file finds out: here it is handed out as it stands.
/// </summary>
internal sealed class ExportLedger([FromKeyedServices("ledger")] NpgsqlDataSource database, HeadKey key, LongReads reads, TimeProvider time)
{
    private const string Service = "ledger";

    // A part of the log that is read at once: long enough to cost little, and short enough for plans that never sort.
    private const int Stretch = 20_000;

    private const string Events = """
        select e.seq_id, e.id, e.stream_id, e.version, e.type, e.mt_dotnet_type, e.timestamp, e.data, e.headers, e.correlation_id, e.causation_id,
          s.content, s.chain
        from (select * from mt_events where tenant_id = $1 and seq_id > $2 and seq_id <= $3) as e
        left join (select * from allocora_seal where tenant_id = $1 and seq_id > $2 and seq_id <= $3) as s using (seq_id)
        order by e.seq_id
        """;

    private const string Heads = """
        select seq_id, events, chain, at, key_id, signature from allocora_signed_head where tenant_id = $1 and seq_id >= $2 and seq_id <= $3 order by seq_id
        """;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/ledger/export", (long? after, long? to, HttpContext http, ExportLedger export, CancellationToken ct) =>
            export.Handle(after ?? 0, to, http, ct)).RequirePermission("ledger.verify").WithName(nameof(ExportLedger));

    private IResult Handle(long after, long? to, HttpContext http, CancellationToken ct)
    {
        if (after < 0) return Problems.Invalid(new FieldError("after", "Give a position of the log, or leave it out to begin at the beginning."));
        if (to <= after) return Problems.Invalid(new FieldError("to", "Give a position that comes after the first one."));
        var workspace = http.Workspace();
        if (reads.TryBegin(workspace) is not { } read) return LongReads.Busy();
        http.Response.RegisterForDispose(read);
        return TypedResults.Stream(_ => Write(http.Response.BodyWriter, workspace, after, to, ct), "application/x-ndjson", $"ledger-{workspace}.ndjson");
    }

    // What goes wrong on the way ends the connection without the end of the answer, so half a file does not look whole.
    private async Task Write(PipeWriter body, string workspace, long after, long? to, CancellationToken ct)
    {
        using var file = new ExportWriter(body);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        await Enter(connection, workspace, ct);
        var before = await StandingAt(connection, workspace, after, ct);
        var end = to is { } asked ? await StandingAt(connection, workspace, asked, ct) : await Standing(connection, workspace, ct);
        var now = time.GetUtcNow();
        file.Begin(new(
            LedgerExport.Format, LedgerExport.Version, Service, workspace, after, to, before.Events, before.Chain, now, new(key.Id, key.PublicPem)));

        var last = to ?? Math.Max(end.Sequence, await LastEvent(connection, workspace, ct));
        for (var from = after; from < last; from += Stretch)
        {
            await using var part = Ask(connection, Events, workspace, from, Math.Min(from + Stretch, last));
            await using var events = await part.ExecuteReaderAsync(ct);
            while (await events.ReadAsync(ct)) await file.Event(events, ct);
        }
        await using (var signed = Ask(connection, Heads, workspace, Math.Max(after, 1), last))
        {
            await using var heads = await signed.ExecuteReaderAsync(ct);
            while (await heads.ReadAsync(ct)) await file.Head(heads, ct);
        }
        var form = to is null ? LedgerExport.SignedWhole : LedgerExport.SignedPart;
        var seal = key.Sign(new(form, workspace, end.Sequence, end.Events, end.Chain, now, "", ""));
        await file.End(new(end.Sequence, end.Events, end.Chain, now, file.Count, seal.Key, seal.Signature), ct);
    }

    private static async Task Enter(NpgsqlConnection connection, string workspace, CancellationToken ct)
    {
        // Between two stretches it waits for whoever takes the file, who may be slow.
        await using var enter = Ask(
            connection, "select set_config('app.workspace_id', $1, true), set_config('idle_in_transaction_session_timeout', '60s', true)", workspace);
        await enter.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Where the head says the log stands, whatever events there are.</summary>
    private static async Task<(long Sequence, long Events, string Chain)> Standing(NpgsqlConnection connection, string workspace, CancellationToken ct)
    {
        await using var command = Ask(connection, "select seq_id, events, chain from allocora_head where tenant_id = $1", workspace);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? (reader.GetInt64(0), reader.GetInt64(1), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(2)))
            : (0, 0, Convert.ToHexStringLower(SealChain.Beginning(workspace)));
    }

    private static async Task<(long Sequence, long Events, string Chain)> StandingAt(
        NpgsqlConnection connection, string workspace, long position, CancellationToken ct)
    {
        const string query = """
            select s.seq_id, (select count(*) from allocora_seal where tenant_id = $1 and seq_id <= $2), s.chain from allocora_seal as s
            where s.tenant_id = $1 and s.seq_id <= $2 order by s.seq_id desc limit 1
            """;
        if (position > 0)
        {
            await using var command = Ask(connection, query, workspace, position);
            await using var reader = await command.ExecuteReaderAsync(ct);
            if (await reader.ReadAsync(ct)) return (reader.GetInt64(0), reader.GetInt64(1), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(2)));
        }
        return (0, 0, Convert.ToHexStringLower(SealChain.Beginning(workspace)));
    }

    // One that was put in behind the head is for the reader to find.
    private static async Task<long> LastEvent(NpgsqlConnection connection, string workspace, CancellationToken ct)
    {
        await using var command = Ask(connection, "select coalesce(max(seq_id), 0) from mt_events where tenant_id = $1", workspace);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private static NpgsqlCommand Ask(NpgsqlConnection connection, string question, params object[] values)
    {
#pragma warning disable CA2100 // questions of this file
        var command = new NpgsqlCommand(question, connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
