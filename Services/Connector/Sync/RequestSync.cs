using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Connector;

/// <summary>Asks for a sync. Of each source one run is read at a time and one waits: who asks for a second joins it.</summary>
internal static class RequestSync
{
    public static void MapRequestSync(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/workspaces/{ws}/sources/{source}/sync-runs", Handle).RequirePermission("sync.run").WithName(nameof(RequestSync));

    /// <summary>What is to be done, and by which run. A run that is queued becomes a full one when a full one is asked for.</summary>
    /// <param name="state">Of the source; null when there is none.</param>
    public static Decision<SyncRequested> Decide(string? state, string source, string? queuedRun, string newRun, string mode) => state switch
    {
        null => new Refusal("not-found", "There is no such source."),
        "disconnected" => new Refusal("source-disconnected", "The source is disconnected. Connect its account again."),
        "paused" => new Refusal("source-paused", "The source is paused. Resume it first."),
        "stopped" => new Refusal("source-stopped", "The source was stopped because its key was refused. Give it another key, or resume it."),
        _ => new SyncRequested(source, queuedRun ?? newRun, mode),
    };

    private static async Task<IResult> Handle(
        string source, StartSyncRequest body, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, TimeProvider time,
        CancellationToken ct)
    {
        if (body.Mode is not ("normal" or "full")) return Problems.Invalid(new FieldError("#/mode", "Give normal or full."));
        var workspace = http.Workspace();
        var (run, refusal) = await Ask(database, workspace, source, body.Mode, AskedBy.Of(http), time.GetUtcNow(), ct);
        if (refusal is not null)
            return Problems.Refuse(refusal.Code == "not-found" ? StatusCodes.Status404NotFound : StatusCodes.Status409Conflict, refusal.Code, refusal.Sentence);
        return TypedResults.Accepted($"/api/v1/workspaces/{workspace}/sync-runs/{run}", await ReadRuns.One(database, workspace, run!, ct));
    }

    private static async Task<(string? Run, Refusal? Refusal)> Ask(
        NpgsqlDataSource database, string workspace, string source, string mode, AskedBy asking, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (state, queued) = await Look(connection, transaction, workspace, source, ct);
        var decision = Decide(state, source, queued, NewId.For("run", now), mode);
        if (decision.Refusal is { } refusal) return (null, refusal);

        var requested = decision.Events[0];
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            batch.Add("""
                insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_by, requested_at)
                values ($1, $2, $3, $4, 'queued', 'person', $5, clock_timestamp())
                on conflict (tenant_id, id) do update set mode = case when excluded.mode = 'full' then 'full' else sync_run.mode end
                """, workspace, requested.Run, source, requested.Mode, asking.Person);
            await batch.ExecuteNonQueryAsync(ct);
        }
        var happened = ConnectorEvents.Catalog.Seal(
            requested, EventId.Of(workspace, asking.Command ?? $"{requested.Run} {NewId.For("ask", now)}", 1), now, asking.Origin);
        var told = await EventLog.Append(transaction, [new Entry(workspace, $"source-{source}", asking.Command, null, [happened])], ct);
        if (told[0].Outcome == Outcome.Duplicate) return (null, SourceTold.DoneBefore);
        await transaction.CommitAsync(ct);
        return (requested.Run, null);
    }

    private static async Task<(string? State, string? Queued)> Look(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string workspace, string source, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        // Whoever asks for the same source at the same moment waits here, and then finds the run.
        batch.Add("select state from source where id = $1 for update", source);
        batch.Add("select id from sync_run where source_id = $1 and state = 'queued' and mode <> 'webhook' for update", source);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var state = await reader.ReadAsync(ct) ? reader.GetString(0) : null;
        await reader.NextResultAsync(ct);
        return (state, await reader.ReadAsync(ct) ? reader.GetString(0) : null);
    }
}
