using System.Globalization;
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
            ["totals"] = Sums(rate.Sum),
        })]),
        ["totals"] = Totals(totals, currency),
        ["adjusted_totals"] = null,
        ["payout_totals"] = null,
        ["adjusted_payout_totals"] = null,
        ["line_items"] = new JsonArray([.. totals.Lines.Select((line, at) => Line(line, lines[at]))]),
    };

    public static JsonObject Line(LineTotals line, LineSubject subject) => new()
    {
        ["id"] = subject.Id,
        ["price_id"] = subject.PriceId,
        ["quantity"] = line.Line.Quantity,
        ["proration"] = subject.Proration,
        ["tax_rate"] = line.Line.TaxRate.ToString(),
        ["unit_totals"] = Sums(line.Unit),
        ["totals"] = Sums(line.Totals),
        ["product"] = subject.Product,
    };

    public static string Text(long amount) => amount.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Sums(Sums sums) => new()
    {
        ["subtotal"] = Text(sums.Subtotal),
        ["discount"] = Text(sums.Discount),
        ["tax"] = Text(sums.Tax),
        ["total"] = Text(sums.Total),
    };

    private static JsonObject Totals(TransactionTotals totals, string currency)
    {
        var json = Sums(totals.Sum);
        json["credit"] = Text(totals.Credit);
        json["credit_to_balance"] = Text(totals.CreditToBalance);
        json["balance"] = Text(totals.GrandTotal);
        json["grand_total"] = Text(totals.GrandTotal);
        json["grand_total_tax"] = Text(totals.GrandTotalTax);
        json["fee"] = null;
        json["earnings"] = null;
        json["currency_code"] = currency;
        return json;
    }
}
