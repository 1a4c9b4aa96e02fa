using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What of a transaction or an adjustment has to be found again by whoever reads the API. Read from the object as it is shown.</summary>
internal sealed record TruthRow(string Id, string? Status, string? Action, string? TransactionId, string? Currency, string? UpdatedAt)
{
    public string? Total { get; private init; }

    public string? Tax { get; private init; }

    public string? Fee { get; private init; }

    public string? Earnings { get; private init; }

    public string? PayoutCurrency { get; private init; }

    public string? PayoutTotal { get; private init; }

    public string? PayoutEarnings { get; private init; }

    public bool IsRevenue => Action is null ? Status is "paid" or "completed" : Status is "approved" or "reversed";

    public static TruthRow OfTransaction(JsonObject shown) => Of(shown, shown["details"] as JsonObject);

    public static TruthRow OfAdjustment(JsonObject shown) =>
        Of(shown, shown) with { Action = Text(shown["action"]) ?? "", TransactionId = Text(shown["transaction_id"]) };

    public bool IsUpdatedWithin(long? from, long? to) =>
        (from is null && to is null) || (Instants.Parse(UpdatedAt) is { } at && (from is null || at >= from) && (to is null || at < to));

    public JsonObject Json()
    {
        var json = new JsonObject
        {
            ["id"] = Id,
            ["status"] = Status,
            ["currency_code"] = Currency,
            ["total"] = Total,
            ["tax"] = Tax,
            ["fee"] = Fee,
            ["earnings"] = Earnings,
            ["payout_currency"] = PayoutCurrency,
            ["payout_total"] = PayoutTotal,
            ["payout_earnings"] = PayoutEarnings,
            ["updated_at"] = UpdatedAt,
        };
        if (Action is not null) (json["transaction_id"], json["action"]) = (TransactionId, Action);
        return json;
    }

    /// <summary>An amount as a number; what is no amount is none.</summary>
    public static BigInteger Amount(string? text) =>
        BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount) ? amount : BigInteger.Zero;

    private static TruthRow Of(JsonObject shown, JsonObject? amounts)
    {
        var (own, payout) = (amounts?["totals"] as JsonObject, amounts?["payout_totals"] as JsonObject);
        return new(Text(shown["id"])!, Text(shown["status"]), null, null, Text(shown["currency_code"]), Text(shown["updated_at"]))
        {
            Total = Text(own?["total"]),
            Tax = Text(own?["tax"]),
            Fee = Text(own?["fee"]),
            Earnings = Text(own?["earnings"]),
            PayoutCurrency = Text(payout?["currency_code"]),
            PayoutTotal = Text(payout?["total"]),
            PayoutEarnings = Text(payout?["earnings"]),
        };
    }

    private static string? Text(JsonNode? node) => node?.GetValueKind() switch
    {
        null => null,
        JsonValueKind.String => node.GetValue<string>(),
        _ => node.ToJsonString(),
    };
}
