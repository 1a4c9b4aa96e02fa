using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>What a transaction object shows of money once its payment was processed, and once it was adjusted.</summary>
internal static class Settling
{
    private static readonly string[] Converted = ["discount", "tax", "total", "credit", "credit_to_balance", "grand_total", "grand_total_tax"];

    /// <summary>Fee, earnings and what is paid out.</summary>
    public static void Settle(JsonObject transaction, Exchange exchange)
    {
        var details = transaction["details"]!;
        var totals = details["totals"]!;
        var (total, tax) = (Amount(totals, "total"), Amount(totals, "tax"));
        var fee = Totals.Fee(total, Rates.FiftyCents(exchange.From));
        totals["balance"] = "0";
        totals["fee"] = Details.Text(fee);
        totals["earnings"] = Details.Text(total - tax - fee);

        // What is converted are the amounts that are paid; the subtotal is what makes them add up.
        var payout = new JsonObject { ["subtotal"] = null };
        foreach (var field in Converted) payout[field] = Details.Text(exchange.Convert(Amount(totals, field)));
        payout["subtotal"] = Details.Text(Amount(payout, "total") + Amount(payout, "discount") - Amount(payout, "tax"));
        payout["balance"] = "0";
        payout["fee"] = Details.Text(exchange.Convert(fee));
        payout["earnings"] = Details.Text(Amount(payout, "total") - Amount(payout, "tax") - Amount(payout, "fee"));
        payout["currency_code"] = exchange.To;
        payout["exchange_rate"] = exchange.Rate.ToString();
        payout["fee_rate"] = "0.05";
        details["payout_totals"] = payout;
    }

    /// <summary>The totals after the adjustments that came into effect, in both currencies.</summary>
    public static void Readjust(JsonObject transaction, IEnumerable<JsonObject> adjustments)
    {
        var details = transaction["details"]!;
        var effective = adjustments.Where(one => (string)one["status"]! is "approved" or "reversed").ToList();
        var totals = details["totals"]!;
        details["adjusted_totals"] = Adjusted(totals, [.. effective.Select(one => one["totals"]!)], (string)totals["currency_code"]!, isPayout: false);
        if (details["payout_totals"] is not { } payout) return;
        var taken = effective.Select(one => one["payout_totals"]).OfType<JsonNode>().ToList();
        var adjusted = Adjusted(payout, taken, (string)payout["currency_code"]!, isPayout: true);
        adjusted["exchange_rate"] = (string?)payout["exchange_rate"];
        details["adjusted_payout_totals"] = adjusted;
    }

    private static JsonObject Adjusted(JsonNode totals, List<JsonNode> taken, string currency, bool isPayout)
    {
        long Taken(string field) => taken.Sum(one => Amount(one, field));
        var isSettled = totals["fee"] is not null;
        var (total, tax) = (Amount(totals, "total") - Taken("total"), Amount(totals, "tax") - Taken("tax"));
        var fee = Amount(totals, "fee") - Taken("fee");
        var json = new JsonObject { ["subtotal"] = Details.Text(total - tax), ["tax"] = Details.Text(tax), ["total"] = Details.Text(total) };
        if (!isPayout)
        {
            json["grand_total"] = Details.Text(Amount(totals, "grand_total") - Taken("total"));
            json["grand_total_tax"] = Details.Text(Amount(totals, "grand_total_tax") - Taken("tax"));
        }
        json["fee"] = Details.Text(isSettled ? fee : 0);
        json["retained_fee"] = Details.Text(Taken("retained_fee"));
        if (isPayout) json["chargeback_fee"] = new JsonObject { ["amount"] = Details.Text(taken.Sum(ChargebackFee)), ["original"] = null };
        json["earnings"] = isSettled ? Details.Text(Amount(totals, "earnings") - Taken("earnings")) : "0";
        json["currency_code"] = currency;
        return json;
    }

    private static long ChargebackFee(JsonNode payout) => payout["chargeback_fee"] is { } fee ? Amount(fee, "amount") : 0;

    public static long Amount(JsonNode of, string field) => of[field] is { } text ? long.Parse((string)text!, CultureInfo.InvariantCulture) : 0;
}
