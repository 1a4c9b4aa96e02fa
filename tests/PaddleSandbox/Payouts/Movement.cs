using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>The parts of a movement, in one currency.</summary>
internal readonly record struct Parts(long Gross, long Tax, long Discount, long Fee, long Retained, long ChargebackFee)
{
    public long Subtotal => Gross - Tax + Discount;

    public long Net => Gross - Tax - Fee - Retained;
}

/// <summary>One movement of the balance, of which a payout is the sum: a sale, an adjustment, a rebate or a SWIFT fee.</summary>
/// <param name="Kind">As adjustments are called, and sale, vat_refund, rebate, swift_fee.</param>
/// <param name="At">Its date: when its object was made.</param>
internal sealed record Movement(string? Kind, long At, string Balance)
{
    public string? Reason { get; init; }

    public JsonObject? Adjustment { get; init; }

    public JsonObject? Transaction { get; init; }

    /// <summary>When the sale was settled.</summary>
    public long? CompletedAt { get; init; }

    public Conversion? Conversion { get; init; }

    public Parts InTransaction { get; init; }

    public Parts InBalance { get; init; }

    public long FxFee { get; init; }

    public long FxPrecision { get; init; }

    public long RebatesAndFees { get; init; }

    public string? Currency => Transaction.Word("currency_code") ?? Adjustment.Word("currency_code");

    public long Amount => InBalance.Net - FxFee - FxPrecision - InBalance.ChargebackFee + RebatesAndFees;

    /// <summary>All that is taken off in the balance.</summary>
    public long Fees => InBalance.Gross - InBalance.Tax - Amount;

    /// <summary>The currency of the balance in which an object counts.</summary>
    public static string BalanceOf(JsonObject json, bool isSale) =>
        (isSale ? json.Part("details") : json).Part("payout_totals").Word("currency_code") ?? "USD";

    public static Movement OfSale(JsonObject transaction, Choices choices)
    {
        var at = Instants.Parse(transaction.Word("created_at")) ?? 0;
        var sale = new Movement(MovementKind.Sale, at, BalanceOf(transaction, isSale: true)) { Transaction = transaction };
        return sale.OrNothing(() => sale.Sold(transaction, choices));
    }

    /// <param name="adjustment">What was given back or taken back.</param>
    /// <param name="transaction">Of which sale, where it is known.</param>
    public static Movement OfAdjustment(JsonObject adjustment, JsonObject? transaction, Choices choices)
    {
        var at = Instants.Parse(adjustment.Word("created_at")) ?? 0;
        var moved = new Movement(MovementKind.Of(adjustment), at, BalanceOf(adjustment, isSale: false))
        {
            Adjustment = adjustment,
            Transaction = transaction,
            Reason = adjustment.Word("reason"),
        };
        return moved.OrNothing(() => moved.Returned(adjustment, transaction, choices));
    }

    // Objects that were put in as they are may hold amounts and rates that nothing can be reckoned with: those moved nothing.
    private Movement OrNothing(Func<Movement> reckon)
    {
        try
        {
            var reckoned = reckon();
            _ = (reckoned.Fees, reckoned.InTransaction.Net, reckoned.InTransaction.Subtotal, reckoned.InBalance.Subtotal);
            return reckoned;
        }
        catch (ArithmeticException)
        {
            return this;
        }
    }

    private Movement Sold(JsonObject transaction, Choices choices)
    {
        var (totals, payout) = (transaction.Part("details").Part("totals"), transaction.Part("details").Part("payout_totals"));
        var isWhole = choices.CreditCounts == "credit";
        var own = Sold(totals, isWhole);
        var given = Sold(payout, isWhole);
        var earnings = payout.Amount("earnings") ?? payout.Amount("total") - payout.Amount("tax") - payout.Amount("fee") ?? 0;
        var credit = (payout.Amount("total") - payout.Amount("tax") ?? 0) - (given.Gross - given.Tax);
        return (this with { Conversion = Conversion.Of(transaction, choices) }).Booked(own, given, earnings - credit);
    }

    private Movement Returned(JsonObject adjustment, JsonObject? transaction, Choices choices)
    {
        var (totals, payout) = (adjustment.Part("totals"), adjustment.Part("payout_totals"));
        var conversion = Conversion.Of(transaction, choices);
        var moved = this with { Conversion = payout.Word("currency_code") == conversion?.AtFinal.To ? conversion : null };
        if (moved.Kind is "credit" or "credit_reverse" && choices.CreditCounts == "sale") return moved;

        var fee = payout.Part("chargeback_fee").Amount("amount") ?? 0;
        var (own, given) = (Returned(totals, transaction.Part("details").Part("totals")), Returned(payout, transaction.Part("details").Part("payout_totals")));
        var retained = choices.EarningsHoldRetainedFee == "yes" ? 0 : given.Retained;
        var earnings = payout.Amount("earnings") ?? payout.Amount("subtotal") - payout.Amount("fee") ?? 0;
        return moved.Booked(own with { ChargebackFee = moved.FeeOfSale(payout, fee) }, given with { ChargebackFee = fee }, -earnings - retained - fee);
    }

    // What is converted is booked at the base rate; the margin is a fee of its own; what rounding leaves is the precision adjustment.
    private Movement Booked(Parts own, Parts given, long amount)
    {
        var balance = given;
        var fxFee = 0L;
        if (Conversion is { AtBase: var rate } conversion)
        {
            balance = new(rate.Convert(own.Gross), rate.Convert(own.Tax), rate.Convert(own.Discount), rate.Convert(own.Fee), rate.Convert(own.Retained),
                given.ChargebackFee);
            fxFee = balance.Net - conversion.AtFinal.Convert(own.Net);
        }
        return this with
        {
            InTransaction = own,
            InBalance = balance,
            FxFee = fxFee,
            FxPrecision = balance.Net - fxFee - balance.ChargebackFee - amount,
        };
    }

    private static Parts Sold(JsonObject? totals, bool isWhole)
    {
        var (total, tax) = (totals.Amount("total") ?? 0, totals.Amount("tax") ?? 0);
        var gross = isWhole ? total : totals.Amount("grand_total") ?? total;
        var grandTax = gross == total ? tax : totals.Amount("grand_total_tax") ?? (total == 0 ? 0 : Rounding.Divide((Int128)tax * gross, total));
        return new(gross, grandTax, totals.Amount("discount") ?? 0, totals.Amount("fee") ?? 0, 0, 0);
    }

    // An adjustment does not say how much of the discount it takes back: in proportion to what was left of the price.
    private static Parts Returned(JsonObject? totals, JsonObject? sale)
    {
        var (subtotal, discount) = (totals.Amount("subtotal") ?? 0, sale.Amount("discount") ?? 0);
        var price = (sale.Amount("subtotal") ?? 0) - discount;
        var back = price <= 0 ? 0 : Rounding.Divide((Int128)discount * subtotal, price);
        return new(-(totals.Amount("total") ?? 0), -(totals.Amount("tax") ?? 0), -back, -(totals.Amount("fee") ?? 0), totals.Amount("retained_fee") ?? 0, 0);
    }

    private long FeeOfSale(JsonObject? payout, long fee)
    {
        var original = payout.Part("chargeback_fee").Part("original");
        return original.Word("currency_code") == Currency && original.Amount("amount") is { } amount ? amount : Conversion?.Back(fee) ?? fee;
    }
}
