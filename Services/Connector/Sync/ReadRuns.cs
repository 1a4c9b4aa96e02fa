using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Sync runs, the newest first, and one of them.</summary>
internal static class ReadRuns
{
    private const string Query = """
        select r.id, r.source_id, r.mode, r.state, r.trigger, r.requested_by, r.requested_at, r.started_at, r.ended_at, r.stage, r.pages, r.rows, r.outcomes,
          r.lanes, r.released, r.estimated_total, r.resume_at, r.waiting_because, r.error_code, r.error_detail, r.stop_asked,
          (select count(*) from skipped_row as s where s.tenant_id = r.tenant_id and s.last_run = r.id and s.status = 'open')
        from sync_run as r
        """;

    public static void MapReadRuns(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/workspaces/{ws}/sync-runs", List).RequirePermission("workspace.read").WithName("ListSyncRuns");
        routes.MapGet("/api/v1/workspaces/{ws}/sync-runs/{run}", Read).RequirePermission("workspace.read").WithName("ReadSyncRun");
    }

    /// <returns>Null when the workspace has no such run.</returns>
    public static async Task<SyncRunDetails?> One(NpgsqlDataSource database, string workspace, string run, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.Add($"{Query} where r.id = $1", run);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) ? Of(reader) : null;
    }

    private static async Task<IResult> Read(string run, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, CancellationToken ct) =>
        await One(database, http.Workspace(), run, ct) is { } found
            ? TypedResults.Ok(found)
            : NotThere();

    public static IResult NotThere() => Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "There is no such run in this workspace.");

    private static async Task<IResult> List(
        string? source, int? limit, string? cursor, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        if (source is not null && !NewId.Is("src", source))
            return Problems.Invalid(new FieldError("source", "Give the id of a source, as GET sources lists it."));
        var paging = Paging.Of(limit, cursor);
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(http.Workspace()));
        batch.Add($"{Query} where ($1::text is null or r.source_id = $1) and ($2::text is null or r.id < $2) order by r.id desc limit $3",
            source, paging.Before, paging.Limit + 1);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var found = new List<SyncRunDetails>();
        while (await reader.ReadAsync(ct)) found.Add(Of(reader));
        return TypedResults.Ok(paging.Page(found, run => run.Id));
    }

    private static SyncRunDetails Of(NpgsqlDataReader reader)
    {
        var state = reader.GetString(3);
        return new(
            reader.GetString(0), reader.GetString(1), reader.GetString(2), state, reader.GetString(4), Text(5), reader.GetFieldValue<DateTimeOffset>(6),
            At(7), At(8), Text(9) is { } lane ? Words.Of(Enum.Parse<Lane>(lane)) : null, reader.GetInt64(10), reader.GetInt64(11), Counts(12),
            Counts(13).ToDictionary(c => Words.Of(Enum.Parse<Lane>(c.Key)), c => c.Value), reader.GetInt64(14),
            reader.IsDBNull(15) ? null : reader.GetInt64(15),
            reader.GetInt64(21), At(16), Text(17), Text(18) is { } code ? new(code, Text(19)) : null);

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

        DateTimeOffset? At(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

        Dictionary<string, long> Counts(int column) => JsonSerializer.Deserialize<Dictionary<string, long>>(reader.GetString(column))!;
    }
}
