using System.Numerics;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>Two ways to the same: the truth of the control API, and a walk over all pages of the public one.</summary>
public sealed class The_truth_is_what_the_API_shows : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync()
    {
        sandbox = await Running.With("--transactions", "1500", "--seed", "7");
        await sandbox.Do("POST", "/clock", new JsonObject { ["advance"] = "P1D", ["frozen"] = true });
    }

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task Of_transactions()
    {
        var seen = await sandbox.All("/transactions?order_by=id[ASC]",
            one => (Words: $"{one["status"]} {one["currency_code"]}", Row: Row(one, one.Of("details"))));

        var truth = await sandbox.Do("GET", "/truth");
        Same(seen, truth["transactions"]!, "status", "currency_code");
        var revenue = seen.Where(one => one.Words.Split(' ')[0] is "paid" or "completed").Select(one => (one.Words.Split(' ')[1], one.Row)).ToList();
        Same(revenue, truth["revenue"]!["transactions"]!, "currency_code");
        Assert.Equal(seen.Select(one => one.Row.Line), await Lines("/truth/transactions"));
        Assert.True(seen.Count > 1_000 && revenue.Count > 500, $"{seen.Count} {revenue.Count}");
    }

    [Fact]
    public async Task Of_adjustments()
    {
        var seen = await sandbox.All("/adjustments?order_by=id[ASC]&per_page=50",
            one => (Words: $"{one["action"]} {one["status"]} {one["currency_code"]}", Row: Row(one, one)));

        var truth = await sandbox.Do("GET", "/truth");
        Same(seen, truth["adjustments"]!, "action", "status", "currency_code");
        var revenue = seen.Where(one => one.Words.Split(' ')[1] is "approved" or "reversed").Select(one => (one.Words.Split(' ')[2], one.Row)).ToList();
        Same(revenue, truth["revenue"]!["adjustments"]!, "currency_code");
        Assert.Equal(seen.Select(one => one.Row.Line), await Lines("/truth/adjustments"));
        Assert.True(seen.Count > 20, $"{seen.Count}");
    }

    private sealed record Money(string Line, BigInteger Total, BigInteger Tax, BigInteger Fee, BigInteger Earnings, BigInteger Paid);

    private static Money Row(JsonObject one, JsonObject of)
    {
        var (own, payout) = (of.Of("totals"), of["payout_totals"]);
        static BigInteger Number(JsonNode? amount) => amount is null ? 0 : BigInteger.Parse((string)amount!);
        var line = $"{one["id"]} {one["updated_at"]} {payout?["currency_code"]} {payout?["total"]}";
        return new(line, Number(own["total"]), Number(own["tax"]), Number(own["fee"]), Number(own["earnings"]), Number(payout?["earnings"]));
    }

    private static void Same(List<(string Words, Money Row)> seen, JsonNode truth, params string[] words)
    {
        var expected = seen.GroupBy(one => one.Words, one => one.Row).Select(rows =>
        {
            string Sum(Func<Money, BigInteger> amount) => $"{rows.Aggregate(BigInteger.Zero, (sum, row) => sum + amount(row))}";
            return $"{rows.Key}: {rows.Count()} {Sum(r => r.Total)} {Sum(r => r.Tax)} {Sum(r => r.Fee)} {Sum(r => r.Earnings)} {Sum(r => r.Paid)}";
        });
        var found = truth.AsArray().Select(one =>
        {
            var paid = one!["payout"]!.AsArray().Aggregate(BigInteger.Zero, (sum, payout) => sum + BigInteger.Parse((string)payout!["earnings"]!));
            return $"{string.Join(' ', words.Select(word => one[word]))}: {one["count"]} {one["total"]} {one["tax"]} {one["fee"]} {one["earnings"]} {paid}";
        });
        Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    private async Task<string[]> Lines(string path)
    {
        var lines = (await sandbox.Control.GetStringAsync(path)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var rows = lines.Select(line => JsonNode.Parse(line)!);
        return [.. rows.Select(one => $"{one["id"]} {one["updated_at"]} {one["payout_currency"]} {one["payout_total"]}")];
    }
}
