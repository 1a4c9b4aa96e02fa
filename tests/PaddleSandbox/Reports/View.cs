using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>
/// The account as a report sees it, for as long as the report can be downloaded: what was written by the time it got ready, at one instant of history,
/// and what was chosen by then. So what is downloaded is what was counted, though the file is never kept.
/// </summary>
internal sealed record View(Account Account, long At)
{
    public Collection Transactions { get; } = Account.Transactions.Snapshot();

    public Collection Adjustments { get; } = Account.Adjustments.Snapshot();

    public Collection Products { get; } = Account.Products.Snapshot();

    public Collection Prices { get; } = Account.Prices.Snapshot();

    public Collection Customers { get; } = Account.Customers.Snapshot();

    public Collection Addresses { get; } = Account.Addresses.Snapshot();

    public Collection Businesses { get; } = Account.Businesses.Snapshot();

    public Collection Discounts { get; } = Account.Discounts.Snapshot();

    public Choices Choices { get; } = Account.Choices;

    public JsonObject? Look(Collection of, string? id) => of.Find(id, At)?.Render(At);

    /// <summary>The rows of a collection that are there at the instant: one that was written later is not.</summary>
    public IEnumerable<Row> Rows(Collection of)
    {
        var at = At;
        return of.Scan(at, ascending: true).Where(row => row.Stored is null || !(row.Time("updated_at", at) > at));
    }
}
