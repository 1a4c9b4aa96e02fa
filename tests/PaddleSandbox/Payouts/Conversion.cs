using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Reports;
using static Allocora.PaddleSandbox.Money.Ratio;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>
/// How a sale was converted into the balance: at a base rate, less a margin. The API tells only the final rate: the base is worked out of it.
/// </summary>
internal sealed record Conversion(Exchange AtBase, Ratio Margin, Exchange AtFinal)
{
    private const int Digits = 12;

    /// <summary>Of a transaction; null where nothing was converted.</summary>
    public static Conversion? Of(JsonObject? transaction, Choices choices)
    {
        var (totals, payout) = (transaction.Part("details").Part("totals"), transaction.Part("details").Part("payout_totals"));
        var (from, to) = (transaction.Word("currency_code"), payout.Word("currency_code"));
        if (from is null || to is null || from == to) return null;
        var rate = Ratio.Parse(payout.Word("exchange_rate")) ?? Derived(totals.Amount("total"), from, payout.Amount("total"), to);
        if (rate is not { IsZero: false } final) return null;
        return new(new(from, to, Base(final, choices)), Rates.Margin, new(from, to, final));
    }

    /// <summary>An amount of the balance in the currency of the sale.</summary>
    public long Back(long amount)
    {
        var shift = Currencies.Places(AtFinal.From) - Currencies.Places(AtFinal.To) + AtFinal.Rate.Places;
        return shift >= 0 ? Rounding.Divide(amount * Tens(shift), AtFinal.Rate.Digits) : Rounding.Divide(amount, AtFinal.Rate.Digits * Tens(-shift));
    }

    // less: final = base × (1 − margin). divided: final = base / (1 + margin).
    private static Ratio Base(Ratio final, Choices choices)
    {
        var (over, under) = choices.ExchangeMargin == "less"
            ? (Tens(Rates.Margin.Places), Rates.Margin.Rest.Digits)
            : (Tens(Rates.Margin.Places) + Rates.Margin.Digits, Tens(Rates.Margin.Places));
        return new(Rounding.Divide(final.Digits * over * Tens(Digits), under * Tens(final.Places)), Digits);
    }

    // Old transactions do not say their rate: it is in what they came to in both currencies.
    private static Ratio? Derived(long? amount, string from, long? converted, string to)
    {
        if (amount is not > 0 || converted is not > 0) return null;
        var (over, under) = (Tens(Digits + Currencies.Places(from)), (Int128)amount.Value * Tens(Currencies.Places(to)));
        return new Ratio(Rounding.Divide(converted.Value * over, under), Digits);
    }
}
