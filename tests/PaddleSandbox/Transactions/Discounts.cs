using System.Globalization;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>What a discount takes off.</summary>
internal static class Discounts
{
    public static Reduction Of(Account account, string? id, string currency, long now)
    {
        if (account.Discounts.Find(id, now)?.Render(now) is not { } discount) return Reduction.None;
        var amount = (string)discount["amount"]!;
        if ((string)discount["type"]! == "percentage") return new Reduction(Ratio.Parse(amount)!.Value.Hundredth(), 0);
        return new Reduction(null, account.Rates.Convert(long.Parse(amount, CultureInfo.InvariantCulture), (string)discount["currency_code"]!, currency, now));
    }
}
