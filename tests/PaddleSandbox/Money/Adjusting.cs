namespace Allocora.PaddleSandbox.Money;

/// <summary>How much of a line an adjustment takes back: all that is left, an amount, the tax alone, or a share of a billing period.</summary>
internal enum Part
{
    Full,
    Partial,
    Tax,
    Proration,
}

/// <summary>Amounts after all discounts: what a customer pays is both together.</summary>
internal readonly record struct Net(long Subtotal, long Tax)
{
    public long Total => Subtotal + Tax;

    public static Net operator +(Net a, Net b) => new(a.Subtotal + b.Subtotal, a.Tax + b.Tax);

    public static Net operator -(Net a, Net b) => new(a.Subtotal - b.Subtotal, a.Tax - b.Tax);

    public static Net operator -(Net a) => new(-a.Subtotal, -a.Tax);
}

/// <param name="Id">txnitm_…</param>
/// <param name="Net">What was sold; nothing taken off for adjustments.</param>
internal sealed record AdjustableLine(string Id, Ratio TaxRate, Net Net);

/// <summary>A sale, as far as taking it back needs it.</summary>
/// <param name="Fee">Paddle's fee for it, 0 while there is none yet.</param>
internal sealed record Adjustable(IReadOnlyList<AdjustableLine> Lines, long Fee, Exchange Exchange)
{
    public Net Net => Lines.Aggregate(default(Net), (sum, line) => sum + line.Net);
}

/// <param name="Amount">For a partial one and a proration.</param>
/// <param name="BeforeTax">The amount is without the tax that goes with it.</param>
internal readonly record struct Wanted(string LineId, Part Part, long Amount = 0, bool BeforeTax = false);

internal sealed record AdjustedItem(string LineId, Part Part, Ratio TaxRate, Net Net);

/// <summary>The totals of an adjustment, in one currency.</summary>
/// <param name="Fee">Its share of Paddle's fee for the sale, all of it: what Paddle keeps of that is the retained fee, and counts on top.</param>
internal readonly record struct Taken(Net Net, long Fee, long RetainedFee)
{
    public long Earnings(bool holdRetainedFee) => Net.Subtotal - Fee + (holdRetainedFee ? RetainedFee : 0);

    public static Taken operator +(Taken a, Taken b) => new(a.Net + b.Net, a.Fee + b.Fee, a.RetainedFee + b.RetainedFee);

    public static Taken operator -(Taken a) => new(-a.Net, -a.Fee, -a.RetainedFee);
}

/// <summary>An adjustment in figures: positive ones take away.</summary>
internal sealed record Adjusted(IReadOnlyList<AdjustedItem> Items, Taken Totals, Taken Payout)
{
    /// <summary>What undoes it, to the last cent.</summary>
    public Adjusted Reverse() => new([.. Items.Select(item => item with { Net = -item.Net })], -Totals, -Payout);

    public IEnumerable<(Ratio Rate, Net Net)> ByTaxRate =>
        Items.GroupBy(item => item.TaxRate).Select(group => (group.Key, group.Aggregate(default(Net), (sum, item) => sum + item.Net)));
}

/// <summary>
/// The arithmetic of refunds, credits and chargebacks. However many parts a sale is taken back in, the parts sum to the sale: each is what is
/// taken back after it less what was before.
/// </summary>
internal static class Adjusting
{
    /// <param name="sale">What was sold.</param>
    /// <param name="earlier">Its adjustments, the pending ones too, and what was reversed with what reversed it; not the rejected.</param>
    /// <param name="wanted">At most one entry for a line.</param>
    /// <param name="retained">The share of the fee that Paddle keeps.</param>
    /// <exception cref="ArgumentException">More is wanted than is left of a line, or a line that is not there.</exception>
    public static Adjusted Of(Adjustable sale, IReadOnlyList<Adjusted> earlier, IReadOnlyList<Wanted> wanted, Ratio retained = default)
    {
        var left = Left(sale, earlier);
        var items = wanted.Select(one => Item(sale, left, one)).ToArray();
        var before = earlier.Aggregate(default(Taken), static (sum, one) => sum + one.Totals);
        var paidOut = earlier.Aggregate(default(Taken), static (sum, one) => sum + one.Payout);
        var net = items.Aggregate(default(Net), static (sum, item) => sum + item.Net);
        var after = before.Net + net;

        // What was credited before there was a fee was never charged for.
        var free = earlier.Where(static one => one.Totals.Fee == 0).Sum(static one => one.Totals.Net.Total);
        var whole = sale.Net.Total - free;
        var feeAfter = whole == 0 ? 0 : Rounding.Divide((Int128)sale.Fee * (after.Total - free), whole);
        var fee = feeAfter - before.Fee;
        var total = sale.Exchange.Convert(after.Total) - paidOut.Net.Total;
        var tax = sale.Exchange.Convert(after.Tax) - paidOut.Net.Tax;
        var payoutFee = sale.Exchange.Convert(feeAfter) - paidOut.Fee;
        return new(items, new(net, fee, Kept(fee, retained)), new(new(total - tax, tax), payoutFee, Kept(payoutFee, retained)));
    }

    /// <summary>What is left of each line, in the order of the lines.</summary>
    public static IReadOnlyList<Net> Left(Adjustable sale, IReadOnlyList<Adjusted> earlier)
    {
        var left = sale.Lines.Select(line => line.Net).ToArray();
        foreach (var item in earlier.SelectMany(one => one.Items)) left[At(sale, item.LineId)] -= item.Net;
        return left;
    }

    /// <summary>All that is left.</summary>
    public static IReadOnlyList<Wanted> Everything(Adjustable sale, IReadOnlyList<Adjusted> earlier)
    {
        var left = Left(sale, earlier);
        return [.. sale.Lines.Where((_, at) => left[at] != default).Select(line => new Wanted(line.Id, Part.Full))];
    }

    /// <summary>An amount over all lines, in proportion to what is left of them.</summary>
    public static IReadOnlyList<Wanted> Spread(Adjustable sale, IReadOnlyList<Adjusted> earlier, long amount)
    {
        var parts = Rounding.Allocate(amount, [.. Left(sale, earlier).Select(left => Math.Max(0, left.Total))]);
        return [.. sale.Lines.Select((line, at) => new Wanted(line.Id, Part.Partial, parts[at])).Where(one => one.Amount != 0)];
    }

    private static AdjustedItem Item(Adjustable sale, IReadOnlyList<Net> left, Wanted wanted)
    {
        var at = At(sale, wanted.LineId);
        var net = wanted.Part switch
        {
            Part.Full => left[at],
            Part.Tax => new Net(0, left[at].Tax),
            _ => Some(left[at], wanted),
        };
        return new(wanted.LineId, wanted.Part, sale.Lines[at].TaxRate, net);
    }

    private static Net Some(Net left, Wanted wanted)
    {
        var whole = wanted.BeforeTax ? left.Subtotal : left.Total;
        if (wanted.Amount <= 0 || wanted.Amount > whole) throw new ArgumentException($"{wanted.Amount} is wanted of {wanted.LineId}, {whole} is left.");
        var tax = Rounding.Divide((Int128)left.Tax * wanted.Amount, whole);
        return new(wanted.BeforeTax ? wanted.Amount : wanted.Amount - tax, tax);
    }

    private static long Kept(long fee, Ratio retained) => retained.IsZero ? 0 : retained.Of(fee);

    private static int At(Adjustable sale, string lineId)
    {
        for (var at = 0; at < sale.Lines.Count; at++)
        {
            if (sale.Lines[at].Id == lineId) return at;
        }
        throw new ArgumentException($"The sale has no line {lineId}.");
    }
}
