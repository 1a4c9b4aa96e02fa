using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>What can be asked for beside a transaction: each needs the permission to read it on its own.</summary>
internal static class Includes
{
    public static readonly string[] All =
        ["address", "adjustment", "adjustments", "adjustments_totals", "available_payment_methods", "business", "customer", "discount"];

    public static JsonArray PaymentMethods() => new("card", "paypal", "apple_pay", "google_pay");

    public static IReadOnlySet<string> Demanded(Listing listing, HttpContext http, Account account)
    {
        var include = Asked.Included(listing, http.Request.Query["include"]);
        if (include.Contains("adjustment") && account.Choices.IncludeAdjustment == "refuse") throw Refused.Invalid("include", "has no value adjustment");
        foreach (var one in include)
        {
            var permission = one switch
            {
                "adjustment" or "adjustments" => "adjustment.read",
                "adjustments_totals" or "available_payment_methods" => null,
                _ => one + ".read",
            };
            Access.Demand(http, permission);
        }
        return include;
    }

    public static void Add(Account account, JsonObject transaction, IReadOnlySet<string> include)
    {
        if (include.Count == 0) return;
        var now = account.Clock.Now;
        One("address", account.Addresses);
        One("business", account.Businesses);
        One("customer", account.Customers);
        One("discount", account.Discounts);
        if (include.Contains("available_payment_methods")) transaction["available_payment_methods"] = PaymentMethods();
        if (!include.Contains("adjustment") && !include.Contains("adjustments") && !include.Contains("adjustments_totals")) return;

        var adjustments = account.AdjustmentsOf((string)transaction["id"]!, now).Select(row => row.Render(now)).ToList();
        if (include.Contains("adjustments_totals")) transaction["adjustments_totals"] = Sum(adjustments, transaction.Word("currency_code"));
        if (include.Contains("adjustment") || include.Contains("adjustments")) transaction["adjustments"] = new JsonArray([.. adjustments]);

        void One(string name, Collection of)
        {
            if (include.Contains(name) && of.Find(transaction.Word(name + "_id"), now) is { } found) transaction[name] = found.Render(now);
        }
    }

    // Only what has come into effect: a reversed one and the row that undoes it cancel each other out.
    private static JsonObject Sum(List<JsonObject> adjustments, string? currency)
    {
        var counted = adjustments.Where(one => one.Word("status") is "approved" or "reversed").ToList();
        string Total(string field, Func<JsonObject, bool>? which = null) => counted.Where(which ?? (static _ => true))
            .Aggregate((Int128)0, (sum, one) => sum + (one.Part("totals").Amount(field) ?? 0)).ToString(CultureInfo.InvariantCulture);
        string Kind(string kind) => Total("total", one => one.Word("action")?.StartsWith(kind, StringComparison.Ordinal) == true);
        return new JsonObject
        {
            ["subtotal"] = Total("subtotal"),
            ["tax"] = Total("tax"),
            ["total"] = Total("total"),
            ["fee"] = Total("fee"),
            ["retained_fee"] = Total("retained_fee"),
            ["earnings"] = Total("earnings"),
            ["breakdown"] = new JsonObject { ["credit"] = Kind("credit"), ["refund"] = Kind("refund"), ["chargeback"] = Kind("chargeback") },
            ["currency_code"] = currency,
        };
    }
}
