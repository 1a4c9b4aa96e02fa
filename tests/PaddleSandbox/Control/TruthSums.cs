using System.Numerics;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Control;

/// <summary>How many rows there are and what they sum to, for each combination of some words.</summary>
internal sealed class TruthSums(params string[] words)
{
    private sealed class Sum
    {
        public long Count { get; set; }

        public BigInteger[] Own { get; } = new BigInteger[4];

        public SortedDictionary<string, BigInteger[]> Payout { get; } = new(StringComparer.Ordinal);
    }

    private readonly SortedDictionary<string, (string?[] Words, Sum Sum)> sums = new(StringComparer.Ordinal);

    public void Add(TruthRow row, params string?[] by)
    {
        var key = string.Join('\n', by);
        if (!sums.TryGetValue(key, out var found)) sums[key] = found = (by, new Sum());
        found.Sum.Count++;
        Add(found.Sum.Own, row.Total, row.Tax, row.Fee, row.Earnings);
        if (row.PayoutCurrency is not { } currency) return;
        if (!found.Sum.Payout.TryGetValue(currency, out var payout)) found.Sum.Payout[currency] = payout = new BigInteger[2];
        Add(payout, row.PayoutTotal, row.PayoutEarnings);
    }

    public JsonArray Json() => new([.. sums.Values.Select(one => Json(one.Words, one.Sum))]);

    private JsonObject Json(string?[] by, Sum sum)
    {
        var json = new JsonObject();
        for (var at = 0; at < words.Length; at++) json[words[at]] = by[at];
        json["count"] = sum.Count;
        (json["total"], json["tax"], json["fee"], json["earnings"]) = ($"{sum.Own[0]}", $"{sum.Own[1]}", $"{sum.Own[2]}", $"{sum.Own[3]}");
        json["payout"] = new JsonArray([.. sum.Payout.Select(one => new JsonObject
        {
            ["currency_code"] = one.Key,
            ["total"] = $"{one.Value[0]}",
            ["earnings"] = $"{one.Value[1]}",
        })]);
        return json;
    }

    private static void Add(BigInteger[] to, params ReadOnlySpan<string?> amounts)
    {
        for (var at = 0; at < amounts.Length; at++) to[at] += TruthRow.Amount(amounts[at]);
    }
}
