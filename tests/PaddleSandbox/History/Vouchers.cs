using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The seller's discounts.</summary>
internal sealed class Vouchers(long seed, long start)
{
    /// <param name="Percent">Off the price; 0 where it is an amount.</param>
    private sealed record Voucher(string Description, string Code, int Percent, long Cents, int Weight);

    private static readonly Voucher[] All =
    [
        new("Spring sale", "SPRING10", 10, 0, 40),
        new("Launch week", "LAUNCH20", 20, 0, 30),
        new("For newsletter readers", "LETTER15", 15, 0, 20),
        new("A quarter off", "QUARTER", 25, 0, 15),
        new("Five off", "FIVEOFF", 0, 500, 20),
        new("Three off", "THREE", 0, 300, 15),
        new("For reviewers", "REVIEW", 100, 0, 8),
    ];

    public static readonly int[] Weights = [.. All.Select(voucher => voucher.Weight)];

    private readonly Dice dice = Dice.Of(seed).For(Purpose.Catalogue).For(3);

    public static int Count => All.Length;

    public static bool IsFree(int voucher) => All[voucher].Percent == 100;

    public static Reduction Reduction(int voucher, string currency) => All[voucher] is { Percent: > 0 } share
        ? new Reduction(new(share.Percent, 2), 0)
        : new Reduction(null, Rates.OfCents(All[voucher].Cents, currency));

    public long Made(int voucher) => start - (20 * Instants.Day) + (voucher * Instants.Day);

    public string Id(int voucher) => Ids.Of("dsc", Made(voucher), voucher, dice.For(1, voucher));

    public JsonObject Render(int voucher)
    {
        var one = All[voucher];
        return new JsonObject
        {
            ["id"] = Id(voucher),
            ["status"] = "active",
            ["description"] = one.Description,
            ["enabled_for_checkout"] = true,
            ["code"] = one.Code,
            ["type"] = one.Percent > 0 ? "percentage" : "flat",
            ["mode"] = "standard",
            ["amount"] = AdjustingJson.Text(one.Percent > 0 ? one.Percent : one.Cents),
            ["currency_code"] = one.Percent > 0 ? null : "USD",
            ["recur"] = false,
            ["maximum_recurring_intervals"] = null,
            ["usage_limit"] = null,
            ["restrict_to"] = null,
            ["expires_at"] = null,
            ["custom_data"] = null,
            ["times_used"] = 0,
            ["import_meta"] = null,
            ["created_at"] = Instants.Text(Made(voucher)),
            ["updated_at"] = Instants.Text(Made(voucher)),
        };
    }
}
