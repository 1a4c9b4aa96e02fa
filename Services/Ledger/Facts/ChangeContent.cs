using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Events;

namespace Allocora.Ledger;

/// <summary>What a version of an adjustment says, and how two of them differ.</summary>
internal static class ChangeContent
{
    private const string TakesBack = "_reverse";

    public static bool SameAmounts(PaddleAdjustment one, PaddleAdjustment other) =>
        (one.Totals.Subtotal, one.Totals.Tax, one.Totals.Total) == (other.Totals.Subtotal, other.Totals.Tax, other.Totals.Total)
        && one.TransactionId == other.TransactionId && one.Action == other.Action
        && one.Lines.Select(l => l with { Type = null }).SequenceEqual(other.Lines.Select(l => l with { Type = null }));

    /// <summary>Whether nothing but the status and its time differs.</summary>
    public static bool SaysTheSame(PaddleAdjustment one, PaddleAdjustment other) => Text(one) == Text(other);

    public static PaddleAdjustment SettledAs(PaddleAdjustment change, PaddleAdjustment? settled) => change with { Payout = settled?.Payout };

    /// <summary>The first of the identities that does not hold, or that the amount has the sign its action does not have; null when all is well.</summary>
    public static string? WhatDoesNotAddUp(PaddleAdjustment change)
    {
        var (t, lines) = (change.Totals, change.Lines);
        var zero = Money.Zero(t.Total.Currency);
        if (t.Subtotal + t.Tax != t.Total) return "subtotal + tax is not total";
        if (lines.Any(l => l.Subtotal + l.Tax != l.Total)) return "an item's subtotal + tax is not its total";
        if (lines.Aggregate(zero, (sum, line) => sum + line.Subtotal) != t.Subtotal) return "the items' subtotals do not come to subtotal";
        if (lines.Aggregate(zero, (sum, line) => sum + line.Total) != t.Total) return "the items' totals do not come to total";
        var givesBack = change.Action.EndsWith(TakesBack, StringComparison.Ordinal);
        if (givesBack && t.Total.Minor > 0) return "a reverse takes money away again";
        return !givesBack && t.Total.Minor < 0 ? "it gives money instead of taking it away" : null;
    }

    /// <summary>What a change does to the sums: nothing, one entry, or two where a currency is another.</summary>
    public static IReadOnlyList<AdjustmentAmounts> Delta(PaddleAdjustment before, PaddleAdjustment after)
    {
        var (was, now) = (EffectOf(before), EffectOf(after));
        if (was == now) return [];
        var sameCurrency = was.Total.Currency == now.Total.Currency && (was.Payout ?? now.Payout)?.Total.Currency == (now.Payout ?? was.Payout)?.Total.Currency;
        return sameCurrency ? [Plus(now, Minus(was))] : [Minus(was), now];
    }

    /// <summary>What it does to the sums, for every action: Paddle says how much is taken away.</summary>
    public static AdjustmentAmounts EffectOf(PaddleAdjustment change)
    {
        var (t, payout) = (change.Totals, change.Payout);
        return Minus(new(t.Subtotal, t.Tax, t.Total, t.Fee, t.RetainedFee, t.Earnings, payout is { } p
            ? new(p.Subtotal, p.Tax, p.Total, p.Fee, p.RetainedFee, p.ChargebackFee, p.Earnings)
            : null));
    }

    public static AdjustmentAmounts Minus(AdjustmentAmounts a) => new(
        -a.Subtotal, -a.Tax, -a.Total, -a.Fee, -a.RetainedFee, -a.Earnings,
        a.Payout is { } p ? new(-p.Subtotal, -p.Tax, -p.Total, -p.Fee, -p.RetainedFee, -p.ChargebackFee, -p.Earnings) : null);

    private static AdjustmentAmounts Plus(AdjustmentAmounts a, AdjustmentAmounts b) => new(
        a.Subtotal + b.Subtotal, a.Tax + b.Tax, a.Total + b.Total, Maybe.Sum(a.Fee, b.Fee), Maybe.Sum(a.RetainedFee, b.RetainedFee),
        Maybe.Sum(a.Earnings, b.Earnings), Plus(a.Payout, b.Payout));

    private static AdjustmentPayoutAmounts? Plus(AdjustmentPayoutAmounts? a, AdjustmentPayoutAmounts? b) => (a, b) switch
    {
        (null, _) => b,
        (_, null) => a,
        _ => new(
            a.Subtotal + b.Subtotal, a.Tax + b.Tax, a.Total + b.Total, Maybe.Sum(a.Fee, b.Fee), Maybe.Sum(a.RetainedFee, b.RetainedFee),
            Maybe.Sum(a.ChargebackFee, b.ChargebackFee), Maybe.Sum(a.Earnings, b.Earnings)),
    };

    private static string Text(PaddleAdjustment change) => JsonSerializer.Serialize(change with { Status = "", UpdatedAt = null });
}
