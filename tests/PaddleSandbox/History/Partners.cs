using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>Who sent the customer: the first of forty partners most, the last hardly anybody. What a customer pays later says the same.</summary>
internal static class Partners
{
    private static readonly int[] Weights = [.. Enumerable.Range(1, 40).Select(rank => 10_000 / rank)];
    private static readonly string[] Campaigns = ["spring", "launch", "newsletter", "podcast", "blackfriday"];

    public static JsonObject? Data(in Sale sale, People people, Dice dice)
    {
        var own = sale.Customer < 0 ? dice : people.Of(sale.Customer);
        if (own.Happens(5_000, 20)) return own.Happens(400, 21) ? new JsonObject { ["source"] = "organic" } : null;
        var partner = $"partner-{own.Weighted(Weights, 22) + 1:00}";
        return own.Below(10, 23) switch
        {
            < 6 => new JsonObject { ["ref"] = partner },
            < 9 => new JsonObject { ["affiliate"] = partner, ["campaign"] = own.Pick(Campaigns, 24) },
            _ => new JsonObject { ["ref"] = partner, ["cart"] = new JsonObject { ["page"] = own.Between(1, 9, 25), ["gift"] = own.Happens(2_000, 26) } },
        };
    }
}
