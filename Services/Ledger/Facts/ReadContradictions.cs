using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Ledger;

/// <summary>The register of what contradicts.</summary>
internal static class ReadContradictions
{
    public const string Path = "/api/v1/workspaces/{ws}/ledger/contradictions";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Path, List).RequirePermission("revenue.read").WithName("ListContradictions");

    private static async Task<IResult> List(
        string? status, int? limit, string? cursor, HttpContext http, [FromKeyedServices(Books.Name)] ProjectionReader books,
        [FromKeyedServices("ledger")] NpgsqlDataSource database, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        if (status is not (null or Contradictions.Open or Contradictions.Superseded or Contradictions.Accepted or Contradictions.Dismissed))
            return Problems.Invalid(new FieldError("status", "Give open, superseded, accepted or dismissed."));
        var (paging, workspace) = (Paging.Of(limit, cursor), http.Workspace());
        var rows = await books.Read(workspace, (connection, _, stop) => Rows(connection, workspace, paging, status, stop), ct);
        var found = new List<Contradiction>(rows.Count);
        foreach (var streams in rows.GroupBy(r => (r.Environment, r.ProviderId)))
        {
            var entries = await ReadEntries.Of(database, workspace, Taken.StreamOf(streams.Key.Environment, streams.Key.ProviderId), ct);
            var told = Of(entries.Select(e => e.Stored), streams.Key.Environment);
            found.AddRange(streams.Select(r => told.Single(c => c.Id == r.Id)));
        }
        return TypedResults.Ok(paging.Page([.. found.OrderByDescending(c => c.Id, StringComparer.Ordinal)], c => c.Id));
    }

    /// <summary>Those a stream tells of, with what became of them.</summary>
    public static List<Contradiction> Of(IEnumerable<StoredEvent> history, string environment)
    {
        var found = new Dictionary<string, Contradiction>();
        Money? counts = null;
        foreach (var stored in history)
        {
            switch (LedgerEvents.Catalog.Open(stored))
            {
                case TransactionRecorded e: counts = e.Transaction.Totals.Total; break;
                case TransactionRevised e: counts = e.Transaction.Totals.Total; break;
                case AdjustmentRecorded e: counts = e.Adjustment.Totals.Total; break;
                case AdjustmentRevised e: counts = e.Adjustment.Totals.Total; break;
                case TransactionContradicted { Transaction: var sale } e:
                    Open(stored, sale.Id, e.Reason, Sight.VersionOf(e.Seen, sale.UpdatedAt), sale.Totals.Total, sale.Status,
                        SaleContent.WhatDoesNotAddUp(sale));
                    break;
                case AdjustmentContradicted { Adjustment: var change } e:
                    Open(stored, change.Id, e.Reason, Sight.VersionOf(e.Seen, change.UpdatedAt ?? change.CreatedAt), change.Totals.Total,
                        change.Status, ChangeContent.WhatDoesNotAddUp(change));
                    break;
                case ContradictionClosed e:
                    var id = Contradictions.IdOf(stored.Workspace, environment, e.About, e.Reason, e.Version);
                    if (found.TryGetValue(id, out var open))
                        found[id] = open with { Status = e.How, ClosedAt = stored.At, ClosedBy = EventCatalog.ActorOf(stored), Note = e.Note };
                    break;
            }
        }
        return [.. found.Values.Select(c => c with { Counts = counts })];

        void Open(StoredEvent stored, string about, string reason, string version, Money says, string status, string? unsound)
        {
            var id = Contradictions.IdOf(stored.Workspace, environment, about, reason, version);
            found[id] = new(
                id, environment, about, reason, Sentence(reason, unsound), null, says, status, Contradictions.Open, stored.At, stored.Sequence, null, null,
                null);
        }
    }

    private static string Sentence(string reason, string? unsound) => reason switch
    {
        Versions<PaddleTransaction>.OtherAmounts => "Of one state, Paddle showed two versions with different amounts.",
        Versions<PaddleTransaction>.OtherSettlement => "Of one state, Paddle showed two versions with different fees, earnings or payout totals.",
        Versions<PaddleTransaction>.WentBack => "A later version has a status that comes before the one that was reached.",
        _ => $"It cannot be true: {unsound ?? "it does not add up"}.",
    };

    private static async Task<List<(string Id, string Environment, string ProviderId)>> Rows(
        NpgsqlConnection connection, string workspace, Paging paging, string? status, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            select id, environment, provider_id from contradiction
            where tenant_id = $3 and ($1::text is null or id < $1) and ($4::text is null or status = $4) order by id desc limit $2
            """, connection);
        paging.AddTo(command);
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = (object?)status ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        var rows = new List<(string, string, string)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) rows.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return rows;
    }
}
