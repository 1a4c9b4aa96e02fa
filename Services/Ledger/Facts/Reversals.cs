using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>
/// Adjustments Paddle took back. What undoes them is a reverse of Paddle's own; where it has none, as for refunds, a person books
/// the line.
/// </summary>
internal sealed class Reversals(
    [FromKeyedServices("ledger")] NpgsqlDataSource database, [FromKeyedServices("ledger_worker")] NpgsqlDataSource worker,
    [FromKeyedServices(Books.Name)] ProjectionReader books, TimeProvider time)
{
    private const string Path = "/api/v1/workspaces/{ws}/ledger/reversals";
    private const int ReasonMax = 500, ShownMax = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Streams streams = new(database, LedgerEvents.Catalog, time);

    // Of one sale, the n-th taken back of one action and amount goes with the n-th reverse of that action and amount.
    private const string Unmatched = """
        select t.provider_id, t.transaction_id, t.environment, t.kind, t.currency, t.total, t.updated_at, t.counter_total <> 0
        from (
          select o.*, row_number() over (partition by o.environment, o.transaction_id, o.kind, o.currency, o.total order by o.provider_id) as n
          from object as o where o.tenant_id = $1 and o.status = 'reversed' and o.kind <> 'sale') as t
          left join (
            select r.environment, r.transaction_id, r.kind, r.currency, r.total,
              row_number() over (partition by r.environment, r.transaction_id, r.kind, r.currency, r.total order by r.provider_id) as n
            from object as r where r.tenant_id = $1 and r.kind like '%\_reverse') as r
            on r.environment = t.environment and r.transaction_id = t.transaction_id and r.kind = t.kind || '_reverse' and r.currency = t.currency
              and r.total = - t.total and r.n = t.n
        where r.n is null
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, List).RequirePermission("revenue.read").WithName("ListReversals");
        routes.MapPost($"{Path}/{{id}}/counter-line", Book).RequirePermission("rows.decide").WithName("BookCounterLine");
    }

    public static Decision<RevenueHappened> Decide(Change change, bool isMatched, string reason) => change switch
    {
        { Versions.Current: null } => new Refusal("not-found", "The ledger holds no such adjustment."),
        { IsCounterBooked: true } => Decision.Nothing<RevenueHappened>(),
        { Versions.Current: { Status: not Change.Reversed } } => new Refusal("not-reversed", "Paddle has not taken this adjustment back."),
        _ when isMatched => new Refusal("reverse-is-known", "A reverse of Paddle's own undoes this adjustment already."),
        { Versions.Current: { Body: var body, Seen: var seen } } => Counter(
            ChangeContent.SettledAs(body, change.Versions.Settled?.Body), seen, reason),
    };

    private static AdjustmentCounterBooked Counter(PaddleAdjustment body, SeenAt seen, string reason) => new(
        body.Id, body.TransactionId, seen.Environment, seen.Source, body.Action, ChangeContent.Minus(ChangeContent.EffectOf(body)), body.Lines, reason);

    private static async Task<IResult> List(HttpContext http, Reversals reversals, CancellationToken ct) =>
        TypedResults.Ok(new Page<OpenReversal>(
            [.. (await reversals.Open(http.Workspace(), ct)).Take(ShownMax)], new(NextCursor: null, HasMore: false)));

    private static async Task<IResult> Book(string id, CounterBookRequest body, HttpContext http, Reversals reversals, CancellationToken ct)
    {
        if (body.Reason.Length > ReasonMax || string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Any(c => char.IsControl(c) && c != '\n'))
            return Problems.Invalid(new FieldError("#/reason", $"Say why, in 1 to {ReasonMax} characters."));
        return await reversals.BookLine(http.Workspace(), id, body.Reason, WhoAsks.Of(http), ct);
    }

    private async Task<IResult> BookLine(string workspace, string id, string reason, Origin origin, CancellationToken ct)
    {
        // A reverse that is in the log and not in the books yet would be undone once more.
        if (!await books.WaitUntil(await new EventFeed(worker, time).Head(ct), Patience, ct))
            return Problems.Refuse(StatusCodes.Status503ServiceUnavailable, "books-behind", "The books are behind the log. Try again in a moment.");
        var open = (await Open(workspace, ct)).ToDictionary(r => (r.Environment, r.ProviderId));
        foreach (var environment in new[] { "live", "sandbox" })
        {
            if (!id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || id.Length > 64) break;
            var standing = await streams.Transact(
                workspace, Taken.StreamOf(environment, id), Change.Decider,
                change => Decide(change, !open.ContainsKey((environment, id)), reason), origin, $"counter|{environment}|{id}", ct);
            if (standing.Refusal is { Code: "not-found" }) continue;
            if (standing.Refusal is { } refusal) return Problems.Refuse(StatusCodes.Status409Conflict, refusal.Code, refusal.Sentence);
            return await books.WaitUntil(standing.LastSequence, Patience, ct) ? TypedResults.NoContent() : TypedResults.Accepted((string?)null);
        }
        return Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "There is no such adjustment in this workspace.");
    }

    private Task<List<OpenReversal>> Open(string workspace, CancellationToken ct) => books.Read(workspace, async (connection, _, stop) =>
    {
        await using var command = new NpgsqlCommand(Unmatched, connection) { Parameters = { new() { Value = workspace } } };
        var open = new List<OpenReversal>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
            open.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3),
                new(reader.GetInt64(5), Currency.Parse(reader.GetString(4))), reader.GetFieldValue<DateTimeOffset>(6), reader.GetBoolean(7)));
        return open;
    }, ct);
}
