using Npgsql;

namespace Allocora.Connector;

/// <summary>What a change of a source means for its runs. Who works on one stops at the end of the page.</summary>
internal static class RunsOfSource
{
    public static NpgsqlBatchCommand Pause(string workspace, string source) => For("""
        update sync_run set stop_asked = case when state = 'running' then coalesce(stop_asked, 'pause') end,
          state = case when state = 'running' then state else 'paused' end
        where tenant_id = $1 and source_id = $2 and state in ('running', 'waiting') and mode <> 'webhook'
        """, workspace, source);

    public static NpgsqlBatchCommand Resume(string workspace, string source) => For("""
        update sync_run set stop_asked = null, state = case when state = 'paused' then 'waiting' else state end, resume_at = clock_timestamp()
        where tenant_id = $1 and source_id = $2 and (state = 'paused' or stop_asked = 'pause')
        """, workspace, source);

    public static NpgsqlBatchCommand Cancel(string workspace, string source) => For("""
        update sync_run set stop_asked = 'cancel', state = case when state = 'running' and mode <> 'webhook' then state else 'cancelled' end,
          ended_at = case when state = 'running' and mode <> 'webhook' then null else clock_timestamp() end
        where tenant_id = $1 and source_id = $2 and state in ('queued', 'running', 'waiting', 'paused')
        """, workspace, source);

    private static NpgsqlBatchCommand For(string statement, string workspace, string source) =>
#pragma warning disable CA2100 // one of the statements above
        new(statement) { Parameters = { new() { Value = workspace }, new() { Value = source } } };
#pragma warning restore CA2100
}
