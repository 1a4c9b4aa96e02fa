using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Connector;

/// <summary>Ends a run before its time. What it has read stays.</summary>
internal static class CancelRun
{
    public static void MapCancelRun(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/workspaces/{ws}/sync-runs/{run}/cancel", Handle).RequirePermission("sync.run").WithName(nameof(CancelRun));

    /// <param name="state">Of the run; null when there is none.</param>
    public static Decision<SyncCancelled> Decide(string? state, string mode, string source, string run) => state switch
    {
        null => new Refusal("not-found", "There is no such run."),
        "cancelled" => Decision.Nothing<SyncCancelled>(),
        _ when mode == "webhook" => new Refusal("run-of-webhooks", "This run keeps account of what webhooks brought. It cannot be cancelled."),
        "delivering" or "succeeded" or "failed" => new Refusal("run-over", "The run is over."),
        _ => new SyncCancelled(source, run),
    };

    private static async Task<IResult> Handle(
        string run, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, TimeProvider time, CancellationToken ct)
    {
        var workspace = http.Workspace();
        if (await Cancel(database, workspace, run, AskedBy.Of(http), time.GetUtcNow(), ct) is { } refusal)
            return Problems.Refuse(refusal.Code == "not-found" ? StatusCodes.Status404NotFound : StatusCodes.Status409Conflict, refusal.Code, refusal.Sentence);
        return TypedResults.Accepted($"/api/v1/workspaces/{workspace}/sync-runs/{run}", await ReadRuns.One(database, workspace, run, ct));
    }

    private static async Task<Refusal?> Cancel(
        NpgsqlDataSource database, string workspace, string run, AskedBy asking, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (state, mode, source) = await Look(connection, transaction, workspace, run, ct);
        var decision = Decide(state, mode, source, run);
        if (decision.Refusal is { } refusal) return refusal;
        if (decision.Events.Count == 0) return null;
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            // Who works on it stops at the end of the page; where nobody does, it is over soon.
            batch.Add("""
                update sync_run set stop_asked = 'cancel', state = case when state = 'running' then state else 'cancelled' end,
                  ended_at = case when state = 'running' then null else clock_timestamp() end
                where id = $1
                """, run);
            await batch.ExecuteNonQueryAsync(ct);
        }
        var key = asking.Command ?? $"cancel {run}";
        var happened = ConnectorEvents.Catalog.Seal(decision.Events[0], EventId.Of(workspace, key, 1), now, asking.Origin);
        await EventLog.Append(transaction, [new Entry(workspace, $"source-{source}", key, null, [happened])], ct);
        await transaction.CommitAsync(ct);
        return null;
    }

    private static async Task<(string? State, string Mode, string Source)> Look(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string workspace, string run, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.Add("select state, mode, source_id from sync_run where id = $1 for update", run);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) ? (reader.GetString(0), reader.GetString(1), reader.GetString(2)) : (null, "", "");
    }
}
