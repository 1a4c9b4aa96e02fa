using Allocora.Contracts;
using Npgsql;

namespace Allocora.Connector;

/// <summary>What webhooks lead to is kept account of like any sync: in one run a day.</summary>
internal sealed class DayOfWebhooks(NpgsqlDataSource worker, EndRun end, TimeProvider time)
{
    /// <summary>Today's run of a source, bound to the claim; one of an earlier day is ended.</summary>
    public async Task<SyncRun> Take(Source source, Claim claim, CancellationToken ct)
    {
        while (true)
        {
            await using var batch = worker.CreateBatch();
            batch.Add("""
                insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at, started_at)
                values ($1, $2, $3, 'webhook', 'running', 'webhook', clock_timestamp(), clock_timestamp()) on conflict do nothing
                """, source.Workspace, NewId.For("run", time.GetUtcNow()), source.Id);
            batch.Add("""
                update sync_run set epoch = $2 where source_id = $1 and mode = 'webhook' and state = 'running'
                returning id, started_at < date_trunc('day', clock_timestamp(), 'UTC')
                """, source.Id, claim.Epoch);
            await using var reader = await batch.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct)) continue; // it was ended between the two
            var (run, isOver) = (new SyncRun(source.Workspace, reader.GetString(0), source.Id, "webhook", null, 0), reader.GetBoolean(1));
            await reader.DisposeAsync();
            if (!isOver) return run;
            if (await end.Finish(run, source, null, claim, ct) is { } wrong) await Give(run, wrong, ct);
        }
    }

    private async Task Give(SyncRun run, string wrong, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            update sync_run set state = 'failed', ended_at = clock_timestamp(), error_code = 'rows-do-not-add-up', error_detail = $3
            where tenant_id = $1 and id = $2
            """);
        command.Parameters.Add(new() { Value = run.Workspace });
        command.Parameters.Add(new() { Value = run.Id });
        command.Parameters.Add(new() { Value = wrong });
        await command.ExecuteNonQueryAsync(ct);
    }
}
