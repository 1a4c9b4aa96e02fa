using System.Text.Json;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>When a sale or an adjustment began to count in the balance.</summary>
internal static class Settling
{
    /// <returns>Null as long as it does not count.</returns>
    public static long? Time(Row row, bool isSale, long now)
    {
        var settled = row.Time("settled_at", now);
        if (settled is null && row.Stored is { } stored && (isSale ? Sale(stored) : Adjustment(stored)) is { } own)
            settled = row.TimeInHistory("settled_at", now) ?? own; // no object says when it was processed, so a change must not move it
        return settled <= now ? settled : null;
    }

    private static long? Sale(Stored sale)
    {
        if (sale.Text("status") != "completed" || sale.Text("details.payout_totals.currency_code") is null) return null;
        return Captured(sale.Json) ?? sale.Time("billed_at") ?? sale.Time("updated_at");
    }

    private static long? Captured(JsonElement sale)
    {
        long? latest = null;
        if (!sale.TryGetProperty("payments", out var payments) || payments.ValueKind != JsonValueKind.Array) return null;
        foreach (var payment in payments.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object))
        {
            if (!payment.TryGetProperty("captured_at", out var text) || text.ValueKind != JsonValueKind.String) continue;
            if (Instants.Parse(text.GetString()) is { } at && !(at < latest)) latest = at;
        }
        return latest;
    }

    // Refunds are the only ones that wait for an approval; all others count from the start, also when they are reversed later.
    private static long? Adjustment(Stored adjustment)
    {
        var (status, action) = (adjustment.Text("status"), adjustment.Text("action"));
        if (status is not ("approved" or "reversed") || adjustment.Text("payout_totals.currency_code") is null) return null;
        return action == "refund" && status == "approved" ? adjustment.Time("updated_at") ?? adjustment.Time("created_at") : adjustment.Time("created_at");
    }
}
