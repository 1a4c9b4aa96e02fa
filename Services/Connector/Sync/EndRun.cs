using System.Diagnostics;
using System.Text.Json;
using Allocora.Contracts.Messages;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>The end of a run that has read all it wanted to.</summary>
internal sealed class EndRun(NpgsqlDataSource worker, TimeSpan overlap)
{
    /// <summary>
    /// Checks that the rows of the run add up, moves the source's marks, and says that the run is over: it has succeeded once that
    /// message, and so all before it, is in the Ledger's log.
    /// </summary>
    /// <returns>Null, or what does not add up.</returns>
    /// <param name="plan">Null for a run that moves no marks, because others read the lists.</param>
    public async Task<string?> Finish(SyncRun run, Source source, RunPlan? plan, Claim claim, CancellationToken ct)
    {
        await using var connection = await worker.OpenConnectionAsync(ct);
        // Before anything is held, for it takes a while; only who has the claim could still add to it.
        var sums = await Sums(connection, run, ct);
        if (sums.WhatIsWrong is { } wrong) return wrong;
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Fence(connection, transaction, run, claim, ct);

        // What was updated since Paddle's clock at the start may have been read in its old form.
        var completeUntil = plan?.StartedAt - overlap;
        var ended = new PaddleRunEnded(run.Id, source.Id, source.Environment, run.Mode, sums.Pages, sums.Rows, sums.Outcomes, plan?.StartedAt);
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.Add("""
            with told as (
              insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, included, data, at, traceparent)
              values ($1, $2, $3, $4, $5, 0, 'run', $4, false, $6::jsonb, coalesce($7, clock_timestamp()), $8) returning seq)
            update sync_run set state = 'delivering', stage = null, stop_asked = null, estimated_total = null, last_message = told.seq from told
            where tenant_id = $1 and id = $4
            """, run.Workspace, source.Id, source.Environment, run.Id, sums.Pages, JsonSerializer.Serialize(ended, Canonical.Json),
            At(plan?.StartedAt), Activity.Current?.Id);
        if (plan is not null) MoveMarks(batch, run, source, plan, completeUntil);
        batch.Add("notify allocora_outbox");
        await batch.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return null;
    }

    private static void MoveMarks(NpgsqlBatch batch, SyncRun run, Source source, RunPlan plan, DateTimeOffset? completeUntil) => batch.Add("""
        update source set transactions_since = coalesce($3, transactions_since), events_after = coalesce($4, events_after),
          sweep_mark = coalesce($5, sweep_mark), swept_at = case when $6 then $7 else swept_at end,
          next_sync_at = greatest(next_sync_at, clock_timestamp() + make_interval(mins => interval_minutes))
        where tenant_id = $1 and id = $2
        """, run.Workspace, source.Id, At(completeUntil), plan.EventsAfter, plan.Mark, plan.Sweeps, At(plan.StartedAt));

    private static NpgsqlParameter At(DateTimeOffset? at) => new() { Value = (object?)at ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    // The source before the run, as all who change a source and its runs.
    private static async Task Fence(NpgsqlConnection connection, NpgsqlTransaction transaction, SyncRun run, Claim claim, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.Add("select from source where tenant_id = $1 and id = $2 for update", run.Workspace, run.Source);
        batch.BatchCommands.Add(Claims.Hold(run.Workspace, run.Id, claim));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) throw new FencedException(claim.What);
    }

    private static async Task<RunSums> Sums(NpgsqlConnection connection, SyncRun run, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            select r.pages, r.rows, r.outcomes,
              (select count(*) from sync_row as w where w.tenant_id = $1 and w.run_id = $2 and not w.released),
              (select coalesce(sum(p.rows), 0)::bigint from sync_page as p where p.tenant_id = $1 and p.run_id = $2),
              (select count(*) from sync_page as p where p.tenant_id = $1 and p.run_id = $2),
              (select coalesce(jsonb_object_agg(o.outcome, o.rows), '{}') from (
                select outcome, count(*) as rows from sync_row as w where w.tenant_id = $1 and w.run_id = $2 and not w.released group by outcome) as o)
            from sync_run as r where r.tenant_id = $1 and r.id = $2
            """, connection);
        command.Parameters.Add(new() { Value = run.Workspace });
        command.Parameters.Add(new() { Value = run.Id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var counted = JsonSerializer.Deserialize<Dictionary<string, long>>(reader.GetString(6))!;
        var outcomes = JsonSerializer.Deserialize<Dictionary<string, long>>(reader.GetString(2))!;
        return new(
            reader.GetInt64(0), reader.GetInt64(1), outcomes, reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5),
            counted.Count == outcomes.Count && counted.All(c => outcomes.GetValueOrDefault(c.Key) == c.Value));
    }

    private sealed record RunSums(
        long Pages, long Rows, IReadOnlyDictionary<string, long> Outcomes, long RowsKept, long RowsOfPages, long PagesKept, bool OutcomesMatch)
    {
        /// <summary>Fetched = the sum of all outcomes, counted three ways.</summary>
        public string? WhatIsWrong => Rows == RowsKept && Rows == RowsOfPages && Rows == Outcomes.Values.Sum() && Pages == PagesKept && OutcomesMatch
            ? null
            : $"The run counted {Rows} rows on {Pages} pages; its pages say {RowsOfPages} on {PagesKept}, its log holds {RowsKept}.";
    }
}
