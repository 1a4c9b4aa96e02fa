using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>What a line is about, beside its amounts.</summary>
internal sealed record LineSubject(string Id, string PriceId, JsonObject Product, JsonObject? Proration);

/// <summary>The calculated part of a transaction as the API writes it.</summary>
internal static class Details
{
    /// <param name="totals">The amounts.</param>
    /// <param name="currency">What they are in.</param>
    /// <param name="lines">What each line is about, in the order of the totals' lines.</param>
    public static JsonObject Of(TransactionTotals totals, string currency, IReadOnlyList<LineSubject> lines) => new()
    {
        ["tax_rates_used"] = new JsonArray([.. totals.ByTaxRate.Select(rate => new JsonObject
        {
            ["tax_rate"] = rate.Rate.ToString(),
            ["totals"] = Money.Figures.Write(rate.Sum),
        })]),
        ["totals"] = Figures(totals, currency).Sold(),
        ["adjusted_totals"] = null,
        ["payout_totals"] = null,
        ["adjusted_payout_totals"] = null,
        ["line_items"] = new JsonArray([.. totals.Lines.Select((line, at) => Line(line, lines[at]))]),
    };

    private static Figures Figures(TransactionTotals totals, string currency) =>
        new(currency, totals.Sum, totals.Credit, totals.CreditToBalance, totals.GrandTotalTax, default, totals.GrandTotal, null);

    private static JsonObject Line(LineTotals line, LineSubject subject) => new()
    {
        ["id"] = subject.Id,
        ["price_id"] = subject.PriceId,
        ["quantity"] = line.Line.Quantity,
        ["proration"] = subject.Proration,
        ["tax_rate"] = line.Line.TaxRate.ToString(),
        ["unit_totals"] = Money.Figures.Write(line.Unit),
        ["totals"] = Money.Figures.Write(line.Totals),
        ["product"] = subject.Product,
    };
}
