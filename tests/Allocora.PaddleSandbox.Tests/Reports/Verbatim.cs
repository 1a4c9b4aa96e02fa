using System.Numerics;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>Objects as the API shows them, put into the sandbox as they are.</summary>
internal static class Verbatim
{
    private static readonly string[] Converted = ["subtotal", "discount", "tax", "total", "credit", "grand_total", "grand_total_tax", "fee", "retained_fee"];

    /// <summary>A completed sale, captured when it was made. The rate is between whole units; null where nothing is converted.</summary>
    public static JsonObject Sale(
        int number, string at, long subtotal, long tax = 0, long discount = 0, string currency = "USD", string? rate = null, string payout = "USD",
        long credit = 0, string product = "Reader")
    {
        var total = subtotal - discount + tax;
        var grandTax = total == 0 ? 0 : tax * (total - credit) / total;
        var fee = (total * 5 / 100) + (Places(currency) == 0 ? 75 : 50);
        var totals = Amounts(("subtotal", subtotal), ("discount", discount), ("tax", tax), ("total", total), ("credit", credit), ("credit_to_balance", 0),
            ("balance", 0), ("grand_total", total - credit), ("grand_total_tax", grandTax), ("fee", fee), ("earnings", total - tax - fee));
        totals["currency_code"] = currency;
        var line = Amounts(("subtotal", subtotal), ("discount", discount), ("tax", tax), ("total", total));
        return new()
        {
            ["id"] = Id("txn", number),
            ["status"] = "completed",
            ["customer_id"] = Id("ctm", 1),
            ["address_id"] = Id("add", 1),
            ["business_id"] = null,
            ["custom_data"] = null,
            ["currency_code"] = currency,
            ["origin"] = "web",
            ["subscription_id"] = null,
            ["invoice_number"] = $"325-{number}",
            ["collection_mode"] = "automatic",
            ["discount_id"] = null,
            ["items"] = new JsonArray(new JsonObject { ["price"] = Price(), ["quantity"] = 1 }),
            ["details"] = new JsonObject
            {
                ["tax_rates_used"] = new JsonArray(new JsonObject { ["tax_rate"] = "0.2", ["totals"] = line.DeepClone() }),
                ["totals"] = totals,
                ["payout_totals"] = Payout(totals, currency, payout, rate),
                ["line_items"] = new JsonArray(new JsonObject
                {
                    ["id"] = Id("txnitm", number),
                    ["price_id"] = Id("pri", 1),
                    ["quantity"] = 1,
                    ["totals"] = line,
                    ["product"] = new JsonObject { ["id"] = Id("pro", 1), ["name"] = product },
                    ["tax_rate"] = "0.2",
                }),
            },
            ["payments"] = new JsonArray(new JsonObject
            {
                ["amount"] = $"{total - credit}",
                ["status"] = "captured",
                ["method_details"] = new JsonObject { ["type"] = "card" },
                ["created_at"] = at,
                ["captured_at"] = at,
            }),
            ["created_at"] = at,
            ["updated_at"] = at,
            ["billed_at"] = at,
        };
    }

    /// <summary>An adjustment of the sale; negative amounts are for those that reverse another.</summary>
    public static JsonObject Adjustment(
        int number, JsonObject sale, string action, string at, long subtotal, long tax, long fee, long retained = 0, long chargebackFee = 0,
        string status = "approved", string? approved = null, string item = "partial", string reason = "error")
    {
        var currency = (string)sale["currency_code"]!;
        var totals = Amounts(
            ("subtotal", subtotal), ("tax", tax), ("total", subtotal + tax), ("fee", fee), ("retained_fee", retained), ("earnings", subtotal - fee));
        totals["currency_code"] = currency;
        var given = sale["details"]!["payout_totals"]!;
        var balance = (string)given["currency_code"]!;
        var payout = Payout(totals, currency, balance, currency == balance ? null : (string)given["exchange_rate"]!);
        payout.Remove("exchange_rate");
        payout["earnings"] = $"{Whole(payout, "subtotal") - Whole(payout, "fee")}";
        if (chargebackFee > 0) payout["chargeback_fee"] = new JsonObject { ["amount"] = $"{chargebackFee}", ["original"] = null };
        return new()
        {
            ["id"] = Id("adj", number),
            ["action"] = action,
            ["type"] = "partial",
            ["transaction_id"] = (string)sale["id"]!,
            ["subscription_id"] = null,
            ["customer_id"] = Id("ctm", 1),
            ["reason"] = reason,
            ["currency_code"] = currency,
            ["status"] = status,
            ["items"] = new JsonArray(new JsonObject
            {
                ["id"] = Id("adjitm", number),
                ["item_id"] = (string)sale["details"]!["line_items"]![0]!["id"]!,
                ["type"] = item,
            }),
            ["totals"] = totals,
            ["payout_totals"] = payout,
            ["created_at"] = at,
            ["updated_at"] = approved ?? at,
        };
    }

    public static string Id(string prefix, int number) => $"{prefix}_{number:D26}";

    public static int Places(string currency) => currency is "JPY" or "KRW" ? 0 : 2;

    public static long Whole(JsonNode of, string field) => long.Parse((string)of[field]!);

    private static JsonObject Price() => new()
    {
        ["id"] = Id("pri", 1),
        ["name"] = "Monthly",
        ["product_id"] = Id("pro", 1),
        ["billing_cycle"] = new JsonObject { ["interval"] = "month", ["frequency"] = 1 },
        ["tax_mode"] = "account_setting",
    };

    private static JsonObject Amounts(params (string Name, long Amount)[] amounts) =>
        new(amounts.Select(one => KeyValuePair.Create(one.Name, (JsonNode?)$"{one.Amount}")));

    private static JsonObject Payout(JsonObject totals, string from, string to, string? rate)
    {
        var payout = totals.DeepClone().AsObject();
        foreach (var field in Converted.Where(field => rate is not null && totals.ContainsKey(field)))
            payout[field] = $"{Convert(Whole(totals, field), rate!, Places(to) - Places(from))}";
        if (payout.ContainsKey("grand_total")) payout["earnings"] = $"{Whole(payout, "total") - Whole(payout, "tax") - Whole(payout, "fee")}";
        payout["currency_code"] = to;
        payout["exchange_rate"] = rate ?? "1";
        return payout;
    }

    private static long Convert(long amount, string rate, int shift)
    {
        var dot = rate.IndexOf('.');
        var under = BigInteger.Pow(10, dot < 0 ? 0 : rate.Length - dot - 1);
        var over = BigInteger.Parse(rate.Replace(".", "")) * amount * (shift > 0 ? BigInteger.Pow(10, shift) : 1);
        return (long)(((2 * over) + (over.Sign * under)) / (2 * under));
    }
}
