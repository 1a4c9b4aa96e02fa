using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>What a test compares with: every payout there is, and what it is made of.</summary>
internal static class PayoutTruth
{
    public static void MapPayoutTruth(this IEndpointRouteBuilder routes, Account account) => routes.MapGet("/truth/payouts", () =>
    {
        var now = account.CatchUp();
        return Results.Content(new JsonArray([.. account.Payouts.By(now).Select(payout => One(payout, now))]).ToJsonString(), "application/json");
    });

    private static JsonObject One(Payout payout, long now)
    {
        var one = payout.Json(payout.PaidAt <= now);
        one["created_at"] = Instants.Text(payout.CreatedAt);
        one["first_month"] = Months.Text(payout.First);
        one["last_month"] = Months.Text(payout.Month);
        one["rows"] = payout.Of.Values.Sum(tally => tally.Count);
        one["movements"] = new JsonObject(payout.Of.Select(kind => KeyValuePair.Create<string, JsonNode?>(kind.Key, new JsonObject
        {
            ["count"] = kind.Value.Count,
            ["sum"] = kind.Value.Sum.ToString(CultureInfo.InvariantCulture),
        })));
        return one;
    }
}
