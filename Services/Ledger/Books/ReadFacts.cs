using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>The facts of a workspace, and one of them down to the event it was read from.</summary>
internal static class ReadFacts
{
    private const string Path = "/api/v1/workspaces/{ws}/facts", Reads = "revenue.read";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, List).RequirePermission(Reads).WithName("ListFacts");
        routes.MapGet($"{Path}/{{id}}", One).RequirePermission(Reads).WithName("ReadFact");
    }

    private static async Task<IResult> List(
        HttpContext http, Workspaces workspaces, [FromKeyedServices(Books.Name)] ProjectionReader books, CancellationToken ct)
    {
        var zone = Days.ZoneOf(await workspaces.ZoneOf(http.Workspace(), ct));
        var (filter, wrong) = FactFilter.Of(http.Request.Query, zone);
        if (filter is null) return Problems.Invalid(wrong!);
        var found = await books.Read(http.Workspace(), async (connection, _, stop) =>
        {
            await using var command = filter.Command(connection, http.Workspace());
            return await FactColumns.Read(command, stop);
        }, ct);
        if (found.Count <= filter.Limit) return TypedResults.Ok(new Page<FactDetails>([.. found.Select(f => f.Fact)], new(NextCursor: null, HasMore: false)));
        var last = found[filter.Limit - 1];
        return TypedResults.Ok(new Page<FactDetails>(
            [.. found.Take(filter.Limit).Select(f => f.Fact)],
            new(new FactCursor(last.Fact.EffectiveAt, last.Fact.Sequence, last.Part).ToString(), HasMore: true)));
    }

    private static async Task<IResult> One(
        string id, HttpContext http, [FromKeyedServices(Books.Name)] ProjectionReader books, [FromKeyedServices("ledger")] NpgsqlDataSource database,
        CancellationToken ct)
    {
        var facts = !NewId.Is("fct", id) ? [] : await books.Read(http.Workspace(), async (connection, _, stop) =>
        {
            const string query = $"select {FactColumns.All} from fact as f where f.tenant_id = $1 and f.id = $2";
            await using var command = new NpgsqlCommand(query, connection) { Parameters = { new() { Value = http.Workspace() }, new() { Value = id } } };
            return await FactColumns.Read(command, stop);
        }, ct);
        if (facts is not [var (fact, _)]) return Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "There is no such fact in this workspace.");
        var (stored, entry) = (await ReadEntries.Of(database, http.Workspace(), Taken.StreamOf(fact.Environment, fact.ProviderId), ct))
            .Single(e => e.Stored.Sequence == fact.Sequence);
        return TypedResults.Ok(LedgerEvents.Catalog.Open(stored) switch
        {
            TransactionRecorded e => new FactEvidence(fact, e.Transaction, null, e.Seen, entry),
            TransactionRevised e => new(fact, e.Transaction, null, e.Seen, entry),
            AdjustmentRecorded e => new(fact, null, e.Adjustment, e.Seen, entry),
            AdjustmentRevised e => new(fact, null, e.Adjustment, e.Seen, entry),
            _ => new(fact, null, null, null, entry),
        });
    }
}
