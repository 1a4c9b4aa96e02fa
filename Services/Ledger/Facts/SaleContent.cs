using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Events;

namespace Allocora.Ledger;

/// <summary>What a version of a sale says, and how two of them differ.</summary>
internal static class SaleContent
{
    /// <summary>Of all that is known from the start: the totals and those of each line.</summary>
    public static bool SameAmounts(PaddleTransaction one, PaddleTransaction other) =>
        one.Totals == other.Totals && one.Lines.Select(l => (l.Id, l.Totals)).SequenceEqual(other.Lines.Select(l => (l.Id, l.Totals)));

    public static bool SameSettlement(PaddleTransaction one, PaddleTransaction other) =>
        (one.Fee, one.Earnings, one.Payout) == (other.Fee, other.Earnings, other.Payout);

    /// <summary>Whether nothing but the status, its time and the settlement differs.</summary>
    public static bool SaysTheSame(PaddleTransaction one, PaddleTransaction other) => Text(one) == Text(other);

    public static PaddleTransaction Unsettled(PaddleTransaction sale) => sale with { AdjustedTotal = null, Fee = null, Earnings = null, Payout = null };

    public static PaddleTransaction SettledAs(PaddleTransaction sale, PaddleTransaction? settled) =>
        sale with { AdjustedTotal = null, Fee = settled?.Fee, Earnings = settled?.Earnings, Payout = settled?.Payout };

    /// <summary>The first of Paddle's own identities that does not hold; null when all do.</summary>
    public static string? WhatDoesNotAddUp(PaddleTransaction sale)
    {
        var (t, lines) = (sale.Totals, sale.Lines);
        var zero = Money.Zero(t.Total.Currency);
        if (t.Subtotal - t.Discount + t.Tax != t.Total) return "subtotal - discount + tax is not total";
        if (t.Total - t.Credit + t.CreditToBalance != t.GrandTotal) return "total - credit + credit_to_balance is not grand_total";
        if (lines.Any(l => l.Totals.Subtotal - l.Totals.Discount + l.Totals.Tax != l.Totals.Total))
            return "a line's subtotal - discount + tax is not its total";
        if (Sum(l => l.Subtotal) != t.Subtotal) return "the lines' subtotals do not come to subtotal";
        if (Sum(l => l.Discount) != t.Discount) return "the lines' discounts do not come to discount";
        if (Sum(l => l.Tax) != t.Tax) return "the lines' taxes do not come to tax";
        return Sum(l => l.Total) == t.Total ? null : "the lines' totals do not come to total";

        Money Sum(Func<LineTotals, Money> part) => lines.Aggregate(zero, (sum, line) => sum + part(line.Totals));
    }

    /// <summary>What a change does to the sums: nothing, one entry, or two where a currency is another.</summary>
    public static IReadOnlyList<SaleAmounts> Delta(PaddleTransaction before, PaddleTransaction after)
    {
        var (was, now) = (AmountsOf(before), AmountsOf(after));
        if (was == now) return [];
        var sameCurrency = was.Total.Currency == now.Total.Currency && (was.Payout ?? now.Payout)?.Total.Currency == (now.Payout ?? was.Payout)?.Total.Currency;
        return sameCurrency ? [Plus(now, Minus(was))] : [Minus(was), now];
    }

    public static SaleAmounts AmountsOf(PaddleTransaction sale) => new(
        sale.Totals.Subtotal, sale.Totals.Discount, sale.Totals.Tax, sale.Totals.Total, sale.Totals.Credit - sale.Totals.CreditToBalance,
        sale.Totals.GrandTotal, sale.Fee, sale.Earnings, sale.Payout is { } p ? new(p.Subtotal, p.Discount, p.Tax, p.Total, p.Fee, p.Earnings) : null);

    private static SaleAmounts Minus(SaleAmounts a) => new(
        -a.Subtotal, -a.Discount, -a.Tax, -a.Total, -a.Credit, -a.GrandTotal, -a.Fee, -a.Earnings,
        a.Payout is { } p ? new(-p.Subtotal, -p.Discount, -p.Tax, -p.Total, -p.Fee, -p.Earnings) : null);

    private static SaleAmounts Plus(SaleAmounts a, SaleAmounts b) => new(
        a.Subtotal + b.Subtotal, a.Discount + b.Discount, a.Tax + b.Tax, a.Total + b.Total, a.Credit + b.Credit, a.GrandTotal + b.GrandTotal,
        Maybe.Sum(a.Fee, b.Fee), Maybe.Sum(a.Earnings, b.Earnings), Plus(a.Payout, b.Payout));

    private static PayoutAmounts? Plus(PayoutAmounts? a, PayoutAmounts? b) => (a, b) switch
    {
        (null, _) => b,
        (_, null) => a,
        _ => new(
            a.Subtotal + b.Subtotal, a.Discount + b.Discount, a.Tax + b.Tax, a.Total + b.Total, Maybe.Sum(a.Fee, b.Fee), Maybe.Sum(a.Earnings, b.Earnings)),
    };

    private static string Text(PaddleTransaction sale) => JsonSerializer.Serialize(Unsettled(sale) with { Status = "", UpdatedAt = default });
}

/// <summary>Amounts that may not be known.</summary>
internal static class Maybe
{
    public static Money? Sum(Money? a, Money? b) => (a, b) switch
    {
        (null, _) => b,
        (_, null) => a,
        _ => a.Value + b.Value,
    };
}
