using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>An event shows its object as it was, so what Paddle added to its objects later is not in it.</summary>
internal static class OldFields
{
    private static readonly (string Key, long Since)[] Anywhere =
    [
        ("credit_to_balance", Day("2024-03-11")), ("exchange_rate", Day("2025-07-21")), ("fee_rate", Day("2025-07-21")),
        ("retained_fee", Day("2025-09-22")), ("grand_total_tax", Day("2026-01-08")),
    ];

    private static readonly (string Key, long Since)[] OfAdjustments = [("type", Day("2024-12-05")), ("tax_rates_used", Day("2026-02-17"))];

    public static void TakeOut(string eventType, JsonObject data, long occurredAt)
    {
        if (eventType.StartsWith("adjustment.", StringComparison.Ordinal))
        {
            foreach (var (key, since) in OfAdjustments)
            {
                if (occurredAt < since) data.Remove(key);
            }
        }
        var young = Anywhere.Where(one => occurredAt < one.Since).Select(one => one.Key).ToArray();
        if (young.Length > 0) TakeOut(data, young);
    }

    private static void TakeOut(JsonNode? from, string[] keys)
    {
        if (from is JsonArray rows)
        {
            foreach (var row in rows) TakeOut(row, keys);
        }
        if (from is not JsonObject json) return;
        foreach (var key in keys) json.Remove(key);
        foreach (var (name, value) in json)
        {
            if (name != "custom_data") TakeOut(value, keys);
        }
    }

    private static long Day(string day) => Instants.Parse(day)!.Value;
}
