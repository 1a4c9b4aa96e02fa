using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>Goes through what was sold and decides what was taken back of it, and how that went.</summary>
internal sealed class PlanAdjustments(Sale[] sales, Dice dice, Dice salesDice, Calendar calendar, Baskets baskets)
{
    /// <summary>Longer than any refund waits to be approved or rejected.</summary>
    public const long LongestPending = 60 * Instants.Day;

    private readonly List<AdjustmentRow> rows = [];

    public static AdjustmentRow[] Make(Sale[] sales, Dice dice, Dice salesDice, Calendar calendar, Baskets baskets)
    {
        var plan = new PlanAdjustments(sales, dice, salesDice, calendar, baskets);
        for (var number = 0; number < sales.Length; number++) plan.Consider(number);
        return plan.InOrder();
    }

    private void Consider(int number)
    {
        ref readonly var sale = ref sales[number];
        if (!sale.IsPaid || sale.Credit > 0 || sale.Basket is Basket.Change or Basket.Nothing) return;
        if (sale.Voucher > 0 && Vouchers.IsFree(sale.Voucher - 1)) return;
        var own = dice.For(1, number);
        var roll = own.Below(10_000);
        if (sale.IsManual && roll < 2_500) Invoiced(number, own);
        else if (sale.Subscription >= 0 && IsEarly(sale.Created) && roll < 900) Prorated(number, own);
        else if (sale.Subscription >= 0 && roll < 100) Credited(number, own, isReversed: own.Happens(5_000, 1));
        else if (roll is >= 1_000 and < 1_650) Taken(number, own);
    }

    private bool HasTax(int number) => baskets.Of(sales[number], number).Totals.Sum.Tax > 0;

    private bool IsEarly(long at) => at - calendar.Start < (calendar.Until - calendar.Start) / 6;

    private long Completed(int number) => SaleStages.Of(sales[number], salesDice.For(1, number)).Completed;

    // Between the bill and the payment: less is due.
    private void Invoiced(int number, Dice own)
    {
        var stages = SaleStages.Of(sales[number], salesDice.For(1, number));
        var at = stages.Billed + ((stages.Paid - stages.Billed) / 3);
        rows.Add(Row(number, at) with { Action = Action.Credit, Extent = Extent.Some, Percent = (byte)own.Between(5, 40, 2), Settled = at });
    }

    private void Prorated(int number, Dice own)
    {
        var at = Completed(number) + own.Between(Instants.Day, 20 * Instants.Day, 3);
        var share = (byte)own.Between(20, 90, 2);
        rows.Add(Row(number, at) with { Action = Action.Credit, Extent = Extent.Proration, Percent = share, Settled = at, IsToBalance = true });
    }

    private void Credited(int number, Dice own, bool isReversed)
    {
        var at = Completed(number) + own.Between(Instants.Hour, 25 * Instants.Day, 3);
        var share = (byte)own.Between(10, 90, 2);
        rows.Add(Row(number, at) with { Action = Action.Credit, Extent = Extent.Some, Percent = share, Settled = at, IsToBalance = true });
        if (isReversed) Reverse(Action.CreditReverse, at + own.Between(Instants.Second, 3 * Instants.Day, 4));
    }

    private static readonly int[] Ways = [34, 14, 6, 4, 7, 6, 4, 4, 3, 6, 6, 4, 3, 4, 4];

    private void Taken(int number, Dice own)
    {
        var at = Completed(number) + Wait(own);
        switch (own.Weighted(Ways, 5))
        {
            case 0: Refund(number, at, Extent.Everything, own.For(1)); break;
            case 1: Refund(number, at, Extent.Some, own.For(1)); break;
            case 2: Refund(number, Refund(number, at, Extent.Some, own.For(1)), Extent.Some, own.For(2)); break;
            case 3:
                var second = Refund(number, at, Extent.Some, own.For(1));
                Refund(number, Refund(number, second, Extent.Some, own.For(2)), Extent.Everything, own.For(3));
                break;
            case 4: Refund(number, at, Extent.OneLine, own.For(1)); break;
            case 5 when HasTax(number): Refund(number, at, Extent.Tax, own.For(1)); break;
            case 6 when HasTax(number): Refund(number, Refund(number, at, Extent.Tax, own.For(1)), Extent.Everything, own.For(2)); break;
            case 5 or 6: Refund(number, at, Extent.Everything, own.For(1)); break;
            case 7: Refund(number, at, Extent.Everything, own.For(1), isRejected: true); break;
            case 8: Refund(number, Refund(number, at, Extent.Some, own.For(1), isRejected: true), Extent.Everything, own.For(2)); break;
            case 9: Disputed(number, at, Action.Chargeback, own); break;
            case 10: Won(number, at, Action.Chargeback, own, own.Between(20 * Instants.Day, 75 * Instants.Day, 6)); break;
            case 11: Won(number, at, Action.Chargeback, own, own.Between(390 * Instants.Day, 410 * Instants.Day, 6)); break;
            case 12: Disputed(number, Refund(number, at, Extent.Some, own.For(1)), Action.Chargeback, own); break;
            case 13: Disputed(number, at, Action.ChargebackWarning, own); break;
            default: Won(number, at, Action.ChargebackWarning, own, own.Between(2 * Instants.Day, 30 * Instants.Day, 6)); break;
        }
    }

    // Most come soon, some after months.
    private static long Wait(Dice own) => own.Weighted([60, 30, 10], 7) switch
    {
        0 => own.Between(10 * Instants.Minute, 14 * Instants.Day, 8),
        1 => own.Between(14 * Instants.Day, 90 * Instants.Day, 8),
        _ => own.Between(90 * Instants.Day, 400 * Instants.Day, 8),
    };

    /// <returns>When another can follow.</returns>
    private long Refund(int number, long at, Extent extent, Dice own, bool isRejected = false)
    {
        var settled = at + own.Weighted(isRejected ? [0, 85, 15] : [20, 70, 10]) switch
        {
            0 => 0,
            1 => own.Between(2 * Instants.Hour, 4 * Instants.Day, 1),
            _ => own.Between(18 * Instants.Day, 55 * Instants.Day, 1),
        };
        rows.Add(Row(number, at) with
        {
            Settled = settled,
            Extent = extent,
            Percent = (byte)own.Between(5, 60, 2),
            Retained = (byte)(own.Happens(3_500, 3) ? own.Pick([100, 50, 25], 4) : 0),
            IsRejected = isRejected,
        });
        return settled + own.Between(Instants.Hour, 20 * Instants.Day, 5);
    }

    private void Disputed(int number, long at, Action action, Dice own)
    {
        var hasFee = action == Action.Chargeback || own.Happens(5_000, 9);
        rows.Add(Row(number, at) with { Action = action, Settled = at, HasFee = hasFee });
    }

    private void Won(int number, long at, Action action, Dice own, long after)
    {
        Disputed(number, at, action, own);
        Reverse(action == Action.Chargeback ? Action.ChargebackReverse : Action.ChargebackWarningReverse, at + after);
    }

    private void Reverse(Action action, long at)
    {
        var (original, which) = (rows[^1], rows.Count - 1);
        rows[which] = original with { ReversedBy = rows.Count };
        rows.Add(Row(original.Sale, at) with { Action = action, Extent = original.Extent, Settled = at, Reverses = which, IsToBalance = original.IsToBalance });
    }

    private static AdjustmentRow Row(int number, long at) => new() { Created = at, Settled = at, Sale = number, Next = -1, Reverses = -1, ReversedBy = -1 };

    // By time, and linked from their sales.
    private AdjustmentRow[] InOrder()
    {
        var (order, place) = (Enumerable.Range(0, rows.Count).ToArray(), new int[rows.Count]);
        Array.Sort(order, (a, b) => rows[a].Created == rows[b].Created ? a.CompareTo(b) : rows[a].Created.CompareTo(rows[b].Created));
        for (var at = 0; at < order.Length; at++) place[order[at]] = at;
        var sorted = new AdjustmentRow[order.Length];
        for (var at = 0; at < order.Length; at++)
        {
            var row = rows[order[at]];
            var created = at == 0 ? row.Created : Math.Max(row.Created, sorted[at - 1].Created + Instants.Millisecond);
            sorted[at] = row with
            {
                Created = created,
                Settled = row.Settled + created - row.Created,
                Reverses = row.Reverses < 0 ? -1 : place[row.Reverses],
                ReversedBy = row.ReversedBy < 0 ? -1 : place[row.ReversedBy],
            };
        }
        for (var at = sorted.Length - 1; at >= 0; at--)
        {
            ref var sale = ref sales[sorted[at].Sale];
            sorted[at] = sorted[at] with { Next = sale.FirstAdjustment };
            sale = sale with { FirstAdjustment = at };
        }
        return sorted;
    }
}
