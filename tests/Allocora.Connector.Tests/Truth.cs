using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;

namespace Allocora.Connector.Tests;

/// <summary>What the sandbox says there is, beside its API, against what the Ledger was told. The arithmetic is the test's own.</summary>
internal static class Truth
{
    public static async Task Equals(HttpClient control, IngestQueue queue)
    {
        var sales = Counting(await Rows(control, "/truth/transactions"), "paid", "completed").ToList();
        var known = sales.Select(s => (string)s["id"]!).ToHashSet();
        // An adjustment of what is not revenue waits until it is.
        var adjustments = Counting(await Rows(control, "/truth/adjustments"), "approved", "reversed").Where(a => known.Contains((string)a["transaction_id"]!));
        Assert.Equal(SumsOf(sales), SumsOf(queue, PaddleTransactionSeen.Name, "transaction"));
        Assert.Equal(SumsOf(adjustments), SumsOf(queue, PaddleAdjustmentSeen.Name, "adjustment"));
    }

    public static async Task<List<JsonObject>> Rows(HttpClient control, string path) =>
        [.. (await control.GetStringAsync(path)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!.AsObject())];

    // What comes to 0 is for a person to look at first.
    private static IEnumerable<JsonObject> Counting(IEnumerable<JsonObject> truth, params string[] statuses) =>
        truth.Where(t => statuses.Contains((string)t["status"]!) && (string)t["total"]! != "0");

    private static List<string> SumsOf(IEnumerable<JsonObject> truth) =>
        [.. truth
            .GroupBy(t => (Status: (string)t["status"]!, Currency: (string)t["currency_code"]!))
            .Select(g => Line(g.Key.Status, g.Key.Currency, g.Sum(t => Long(t["total"])), g.Sum(t => Long(t["tax"])), g.Sum(t => Long(t["fee"])),
                g.Sum(t => Long(t["earnings"]))))
            .Order(StringComparer.Ordinal)];

    private static List<string> SumsOf(IngestQueue queue, string name, string member) =>
        [.. queue.Named(name).Select(m => JsonNode.Parse(m.Body)![member]!)
            .GroupBy(o => (string)o["id"]!).Select(versions => versions.Last()) // told anew when what is left of it changes
            .Select(o => (Status: (string)o["status"]!, Totals: o["totals"]!, Fees: member == "adjustment" ? o["totals"]! : o))
            .GroupBy(o => (o.Status, Currency: (string)o.Totals["total"]!["currency"]!))
            .Select(g => Line(g.Key.Status, g.Key.Currency, g.Sum(o => Amount(o.Totals["total"])), g.Sum(o => Amount(o.Totals["tax"])),
                g.Sum(o => Amount(o.Fees["fee"])), g.Sum(o => Amount(o.Fees["earnings"]))))
            .Order(StringComparer.Ordinal)];

    private static string Line(string status, string currency, long total, long tax, long fee, long earnings) =>
        $"{status} {currency}: {total} {tax} {fee} {earnings}";

    private static long Amount(JsonNode? money) => money is null ? 0 : Long(money["amount"]);

    private static long Long(JsonNode? text) => text is null ? 0 : long.Parse((string)text!, CultureInfo.InvariantCulture);
}
