using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>
/// What is in a payout beside sales and adjustments: now and then a rebate, and what the bank takes. In dollars, or what they are in the currency.
/// </summary>
internal static class Extras
{
    private static readonly string[] Reasons = ["promotion", "fee_correction", "goodwill, \"as agreed\"", "migration_incentive"];

    // Paid by a transfer within its own country or area.
    private static readonly string[] Local = ["AUD", "CAD", "EUR", "GBP"];

    /// <summary>The rebate of a month in which something moved: in about one of four.</summary>
    public static Movement? Rebate(Options options, Choices choices, int month)
    {
        var dice = Dice.Of(options.Seed).For(Purpose.Rebate, month);
        if (choices.PayoutExtras == "no" || !dice.Happens(2_500)) return null;
        return new(MovementKind.Rebate, Months.Start(month + 1) - Instants.Second, options.Payout)
        {
            Reason = dice.Pick(Reasons, 1),
            RebatesAndFees = Rates.OfCents(dice.Between(500, 20_000, 2), options.Payout),
        };
    }

    /// <summary>The fee of a payout that crosses borders.</summary>
    public static Movement? SwiftFee(Choices choices, string currency, long paidOut) => choices.PayoutExtras == "no" || Local.Contains(currency)
        ? null
        : new(MovementKind.SwiftFee, paidOut, currency) { RebatesAndFees = -Rates.OfCents(1_500, currency) };
}
