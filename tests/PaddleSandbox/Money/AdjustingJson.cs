using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;

namespace Allocora.PaddleSandbox.Money;

/// <summary>A sale and its adjustments between the API's objects and the figures they are reckoned with.</summary>
internal static class AdjustingJson
{
    /// <summary>The sale in a transaction object.</summary>
    /// <param name="transaction">As the API shows it; its adjusted totals are not looked at.</param>
    /// <param name="payout">The account's payout currency and the rate into it, for a transaction that does not show one yet.</param>
    public static Adjustable Sale(JsonObject transaction, Exchange payout)
    {
        var details = transaction["details"]!;
        var lines = details["line_items"]!.AsArray().Select(line => new AdjustableLine(
            (string)line!["id"]!, Rate(line, "tax_rate"), Sold(line["totals"]!)));
        var exchange = details["payout_totals"] is not { } shown ? payout
            : new Exchange((string)transaction["currency_code"]!, (string)shown["currency_code"]!, Rate(shown, "exchange_rate"));
        return new([.. lines], Amount(details["totals"]!, "fee"), exchange);
    }

    /// <summary>The figures in an adjustment object.</summary>
    public static Adjusted Figures(JsonObject adjustment)
    {
        var items = adjustment["items"]!.AsArray().Select(item => new AdjustedItem(
            (string)item!["item_id"]!, Enum.Parse<Part>((string)item["type"]!, ignoreCase: true), default, Net(item["totals"]!)));
        return new([.. items], Taken(adjustment["totals"]!), adjustment["payout_totals"] is { } payout ? Taken(payout) : default);
    }

    public static JsonObject Totals(Taken taken, string currency, bool holdRetainedFee)
    {
        var totals = Totals(taken.Net);
        totals["fee"] = Text(taken.Fee);
        totals["retained_fee"] = Text(taken.RetainedFee);
        totals["earnings"] = Text(taken.Earnings(holdRetainedFee));
        totals["currency_code"] = currency;
        return totals;
    }

    public static JsonObject Totals(Net net) => new() { ["subtotal"] = Text(net.Subtotal), ["tax"] = Text(net.Tax), ["total"] = Text(net.Total) };

    public static JsonArray TaxRatesUsed(Adjusted adjusted) =>
        [.. adjusted.ByTaxRate.Select(one => new JsonObject { ["tax_rate"] = one.Rate.ToString(), ["totals"] = Totals(one.Net) })];

    public static string Text(long amount) => amount.ToString(CultureInfo.InvariantCulture);

    private static Taken Taken(JsonNode totals) => new(Net(totals), Amount(totals, "fee"), Amount(totals, "retained_fee"));

    private static Net Net(JsonNode totals) => new(Amount(totals, "subtotal"), Amount(totals, "tax"));

    private static Net Sold(JsonNode totals) => new(Amount(totals, "total") - Amount(totals, "tax"), Amount(totals, "tax"));

    /// <summary>An amount as the API writes it; 0 where there is none. An object that was put in as it is may hold anything.</summary>
    public static long Amount(JsonNode of, string field)
    {
        if (of[field] is not { } node) return 0;
        var isText = node.GetValueKind() == JsonValueKind.String;
        return isText && long.TryParse((string)node!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount)
            ? amount
            : throw Refused.Invalid(field, "is not an amount in this object, so nothing can be reckoned with it");
    }

    public static Ratio Rate(JsonNode of, string field) => Ratio.Parse((string?)of[field]) ?? Ratio.One;
}
