using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>The last check of the books, and one on request.</summary>
internal static class ReadInvariants
{
    private const string Path = "/api/v1/workspaces/{ws}/ledger/invariants";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, Last).RequirePermission("revenue.read").WithName("ReadInvariants");
        routes.MapPost($"{Path}/check", Check).RequirePermission("ledger.verify").WithName("CheckInvariants");
    }

    private static async Task<IResult> Check(HttpContext http, CheckBooks books, CancellationToken ct) =>
        TypedResults.Ok(await books.Check(http.Workspace(), ct));

    private static async Task<IResult> Last(HttpContext http, [FromKeyedServices("ledger")] NpgsqlDataSource database, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(http.Workspace()));
        batch.BatchCommands.Add(new("select checked_to, checked_at, results from invariant_check where tenant_id = $1")
        {
            Parameters = { new() { Value = http.Workspace() } },
        });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct))
            return Problems.Refuse(StatusCodes.Status404NotFound, "not-checked-yet", "The books of this workspace were not checked yet. They are every night.");
        var results = JsonSerializer.Deserialize<List<InvariantResult>>(reader.GetString(2))!;
        return TypedResults.Ok(new InvariantReport(
            results.All(r => r.Breaches == 0 || !r.Blocks), reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), results));
    }
}
