using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>A person decides which of two versions is true.</summary>
internal sealed class DecideContradictions(
    [FromKeyedServices("ledger")] NpgsqlDataSource database, [FromKeyedServices(Books.Name)] ProjectionReader books, TimeProvider time)
{
    private const string Accept = "accept", Dismiss = "dismiss";
    private const int IdsMax = 100, ReasonMax = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly Streams streams = new(database, LedgerEvents.Catalog, time);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost($"{ReadContradictions.Path}/decisions", Post).RequirePermission("rows.decide").WithName(nameof(DecideContradictions));

    private static async Task<IResult> Post(DecideContradictionsRequest body, DecideContradictions decide, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. WhatIsWrong(body)];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        var (results, isShown) = await decide.Decide(http.Workspace(), body, WhoAsks.Of(http), ct);
        return isShown ? TypedResults.Ok(new ContradictionDecisions(results)) : TypedResults.Accepted((string?)null, new ContradictionDecisions(results));
    }

    private static IEnumerable<FieldError> WhatIsWrong(DecideContradictionsRequest body)
    {
        if (body.Ids.Count is 0 or > IdsMax || body.Ids.Any(id => id is not { Length: > 0 and <= 64 }))
            yield return new("#/ids", $"Name 1 to {IdsMax} contradictions.");
        if (body.Decision is not (Accept or Dismiss)) yield return new("#/decision", $"Decide to {Accept} or to {Dismiss}.");
        if (body.Reason.Length > ReasonMax || string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Any(c => char.IsControl(c) && c != '\n'))
            yield return new("#/reason", $"Say why, in 1 to {ReasonMax} characters.");
    }

    /// <returns>What became of each, and whether the books show it.</returns>
    private async Task<(IReadOnlyList<ContradictionDecision> Results, bool IsShown)> Decide(
        string workspace, DecideContradictionsRequest asked, Origin origin, CancellationToken ct)
    {
        var (results, last) = (new List<ContradictionDecision>(), 0L);
        foreach (var id in asked.Ids)
        {
            if (await Find(workspace, id, ct) is not { } row)
            {
                results.Add(new(id, "not-found"));
                continue;
            }
            var stream = Taken.StreamOf(row.Environment, row.ProviderId);
            // The same command again finds the contradiction closed and says so: nothing is decided twice.
            var standing = row.ProviderId.StartsWith("adj_", StringComparison.Ordinal)
                ? await streams.Transact(workspace, stream, Change.Decider, change => Told(asked.Decision == Accept
                    ? Accepting.Accept(change, row.ProviderId, row.Reason, row.Version, asked.Reason)
                    : Accepting.Dismiss(change.Versions, row.ProviderId, row.Reason, row.Version, asked.Reason)), origin, key: null, ct)
                : await streams.Transact(workspace, stream, Sale.Decider, sale => Told(asked.Decision == Accept
                    ? Accepting.Accept(sale, row.ProviderId, row.Reason, row.Version, asked.Reason)
                    : Accepting.Dismiss(sale.Versions, row.ProviderId, row.Reason, row.Version, asked.Reason)), origin, key: null, ct);
            last = Math.Max(last, standing.LastSequence);
            results.Add(new(id, standing.Refusal?.Code ?? (asked.Decision == Accept ? Contradictions.Accepted : Contradictions.Dismissed)));
        }
        return (results, await books.WaitUntil(last, Patience, ct));
    }

    private static Decision<RevenueHappened> Told(IReadOnlyList<RevenueHappened>? events) =>
        events is null ? new Refusal("not-open", "It is not open any more, or is not money.") : events.ToArray();

    private Task<(string Environment, string ProviderId, string Reason, string Version)?> Find(string workspace, string id, CancellationToken ct) =>
        books.Read<(string, string, string, string)?>(workspace, async (connection, _, stop) =>
        {
            await using var command = new NpgsqlCommand(
                "select environment, provider_id, reason, version from contradiction where tenant_id = $1 and id = $2", connection)
            {
                Parameters = { new() { Value = workspace }, new() { Value = id.Replace("\0", "", StringComparison.Ordinal) } },
            };
            await using var reader = await command.ExecuteReaderAsync(stop);
            return await reader.ReadAsync(stop) ? (reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3)) : null;
        }, ct);
}
