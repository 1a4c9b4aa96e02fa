using Allocora.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>A run as a worker has it in hand.</summary>
/// <param name="Plan">As it was kept; null until it has begun.</param>
internal sealed record SyncRun(string Workspace, string Id, string Source, string Mode, string? Plan, int Failures);

/// <summary>The runs that are to be done: which is next, and how each step of its life is written.</summary>
internal sealed class SyncRuns(NpgsqlDataSource worker)
{
    /// <summary>Puts a run of every source in the queue whose time has come.</summary>
    public async Task Schedule(DateTimeOffset now, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select tenant_id, id from source where state = 'active' and next_sync_at <= clock_timestamp() limit 1000
            """);
        var due = new List<(string Workspace, string Source)>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) due.Add((reader.GetString(0), reader.GetString(1)));
        if (due.Count == 0) return;
        await using var insert = worker.CreateCommand("""
            with due as (
              select d.* from unnest($1::text[], $2::text[], $3::text[]) as d (workspace, run, source)
            ), moved as (
              update source as s set next_sync_at = clock_timestamp() + make_interval(mins => s.interval_minutes)
              from due as d where s.tenant_id = d.workspace and s.id = d.source and s.state = 'active' and s.next_sync_at <= clock_timestamp()
              returning s.id)
            insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at)
            select d.workspace, d.run, d.source, 'normal', 'queued', 'schedule', clock_timestamp()
            from due as d join moved as m on m.id = d.source on conflict do nothing
            """);
        insert.Parameters.Add(new() { Value = due.Select(d => d.Workspace).ToArray() });
        insert.Parameters.Add(new() { Value = due.Select(_ => NewId.For("run", now)).ToArray() });
        insert.Parameters.Add(new() { Value = due.Select(d => d.Source).ToArray() });
        await insert.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Ends, or pauses, runs of which that was asked while nobody works on them any more.</summary>
    public async Task Settle(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            update sync_run as r set state = case r.stop_asked when 'cancel' then 'cancelled' else 'paused' end,
              ended_at = case r.stop_asked when 'cancel' then clock_timestamp() end, stop_asked = null
            where r.stop_asked is not null and r.state in ('running', 'waiting') and r.mode <> 'webhook' and not exists (
              select from sync_lease as l where l.source_id = r.source_id and l.expires_at > clock_timestamp())
            """);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Runs somebody could work on now: of each source at the most one, those that have begun first.</summary>
    public async Task<IReadOnlyList<SyncRun>> Open(int limit, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select tenant_id, id, source_id, mode, plan, failures from (
            select distinct on (r.source_id) r.tenant_id, r.id, r.source_id, r.mode, r.plan, r.failures, r.requested_at
            from sync_run as r join source as s on s.tenant_id = r.tenant_id and s.id = r.source_id and s.state = 'active'
              left join sync_lease as l on l.source_id = r.source_id and l.expires_at > clock_timestamp()
            where r.mode <> 'webhook' and l.source_id is null
              and (r.state = 'queued' or r.state = 'running' or (r.state = 'waiting' and r.resume_at <= clock_timestamp()))
              and not (r.state = 'queued' and exists (
                select from sync_run as o where o.source_id = r.source_id and o.mode <> 'webhook' and o.state in ('running', 'waiting')))
            order by r.source_id, r.state = 'queued', r.requested_at) as o
            order by requested_at limit $1
            """);
        command.Parameters.Add(new() { Value = limit });
        var open = new List<SyncRun>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            open.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetString(4), reader.GetInt32(5)));
        return open;
    }

    /// <summary>Binds a run to the claim it is worked on with.</summary>
    /// <returns>False when it is not to be worked on any more.</returns>
    public Task<bool> Take(SyncRun run, Claim claim, RunPlan plan, CancellationToken ct) => Set("""
        update sync_run set state = 'running', started_at = coalesce(started_at, clock_timestamp()), epoch = $3, plan = $4, stage = $5, resume_at = null,
          waiting_because = null
        where tenant_id = $1 and id = $2 and state in ('queued', 'running', 'waiting') and mode = $6 and exists (
          select from sync_lease as l where l.source_id = $7 and l.epoch = $3 and l.holder = $8 and l.expires_at > clock_timestamp() for share)
        """, ct, run.Workspace, run.Id, claim.Epoch, new Jsonb(plan.Write()), plan.Now?.ToString(), run.Mode, claim.What, claim.Holder);

    /// <summary>Leaves a run until Paddle can be asked again; one that somebody asked to stop meanwhile stops.</summary>
    public Task<bool> Wait(SyncRun run, Claim claim, TimeSpan pause, string because, CancellationToken ct) => Set("""
        update sync_run set state = case stop_asked when 'cancel' then 'cancelled' when 'pause' then 'paused' else 'waiting' end,
          ended_at = case stop_asked when 'cancel' then clock_timestamp() end, stop_asked = null, resume_at = clock_timestamp() + $4,
          waiting_because = $5, failures = failures + 1
        where tenant_id = $1 and id = $2 and epoch = $3 and state = 'running'
        """, ct, run.Workspace, run.Id, claim.Epoch, pause, because);

    /// <summary>Ends a run that cannot go on, or is not to.</summary>
    /// <param name="state">failed, cancelled, or paused; a run whose source was resumed since is not paused any more and goes on.</param>
    public Task<bool> End(SyncRun run, Claim claim, string state, string? code, string? detail, CancellationToken ct) => Set("""
        update sync_run set state = $4, ended_at = case when $4 = 'paused' then null else clock_timestamp() end, error_code = $5, error_detail = $6,
          stop_asked = null, stage = null
        where tenant_id = $1 and id = $2 and epoch = $3 and state in ('running', 'waiting') and ($4 <> 'paused' or stop_asked = 'pause')
        """, ct, run.Workspace, run.Id, claim.Epoch, state, code, detail);

    private async Task<bool> Set(string statement, CancellationToken ct, params object?[] values)
    {
#pragma warning disable CA2100 // the statements above
        await using var command = worker.CreateCommand(statement);
#pragma warning restore CA2100
        foreach (var value in values)
            command.Parameters.Add(value switch
            {
                null => new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                Jsonb json => new() { Value = json.Text, NpgsqlDbType = NpgsqlDbType.Jsonb },
                _ => new() { Value = value },
            });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    private sealed record Jsonb(string Text);
}
