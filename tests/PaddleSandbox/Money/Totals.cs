namespace Allocora.PaddleSandbox.Money;

/// <summary>What is bought: one line before any arithmetic.</summary>
/// <param name="Quantity">How many; negative for what a proration gives back.</param>
/// <param name="TaxRate">The share of tax in the customer's place, 0.2 for 20 %.</param>
/// <param name="Proration">The share of a billing period that is charged, when not a whole one.</param>
internal sealed record Line(long UnitPrice, int Quantity, Ratio TaxRate, Ratio? Proration = null);

/// <summary>A discount on all lines: a share of each, or an amount over all.</summary>
internal sealed record Reduction(Ratio? Share, long Flat)
{
    public static readonly Reduction None = new(null, 0);
}

/// <summary>Four amounts with total = subtotal − discount + tax.</summary>
internal readonly record struct Sums(long Subtotal, long Discount, long Tax, long Total)
{
    public static Sums Of(long subtotal, long discount, long tax) => new(subtotal, discount, tax, subtotal - discount + tax);

    public static Sums operator +(Sums a, Sums b) => Of(a.Subtotal + b.Subtotal, a.Discount + b.Discount, a.Tax + b.Tax);
}

internal sealed record LineTotals(Line Line, Sums Unit, Sums Totals);

/// <summary>The totals of a transaction in its own currency.</summary>
/// <param name="Credit">Credit used for it.</param>
/// <param name="CreditToBalance">Credit it made: its lines took away more than they charge.</param>
/// <param name="GrandTotal">What the customer has to pay.</param>
internal sealed record TransactionTotals(IReadOnlyList<LineTotals> Lines, Sums Sum, long Credit, long CreditToBalance, long GrandTotal, long GrandTotalTax)
{
    /// <summary>What each tax rate was charged on, in the order in which the rates first appear.</summary>
    public IEnumerable<(Ratio Rate, Sums Sum)> ByTaxRate =>
        Lines.GroupBy(line => line.Line.TaxRate).Select(group => (group.Key, group.Aggregate(default(Sums), (sum, line) => sum + line.Totals)));
}

/// <summary>The arithmetic of a sale. Every identity that Paddle's own examples keep, these keep.</summary>
internal static class Totals
{
    /// <param name="lines">What is bought.</param>
    /// <param name="reduction">Off the price: before tax, or with it where the price holds the tax.</param>
    /// <param name="taxInPrice">The unit prices hold the tax already.</param>
    /// <param name="credit">Credit the customer has: as much of it as the total is used.</param>
    public static TransactionTotals Of(IReadOnlyList<Line> lines, Reduction reduction, bool taxInPrice, long credit = 0)
    {
        var prices = lines.Select(Price).ToArray();
        var off = Reductions(prices, reduction);
        var each = lines.Select((line, at) => Of(line, prices[at], off[at], taxInPrice)).ToArray();
        var sum = each.Aggregate(default(Sums), (sum, line) => sum + line.Totals);
        var used = Math.Clamp(credit, 0, Math.Max(0, sum.Total));
        var toBalance = Math.Max(0, -sum.Total);
        var grand = sum.Total - used + toBalance;
        var grandTax = grand == sum.Total ? sum.Tax : sum.Total == 0 ? 0 : Rounding.Divide((Int128)sum.Tax * grand, sum.Total);
        return new(each, sum, used, toBalance, grand, grandTax);
    }

    /// <summary>Paddle's fee: 5 % and 50 cents, or what 50 cents are in the currency; nothing on what costs nothing.</summary>
    public static long Fee(long total, long fiftyCents) => total <= 0 ? 0 : Rounding.Divide((Int128)total * 5, 100) + fiftyCents;

    private static long Price(Line line)
    {
        var price = line.UnitPrice * line.Quantity;
        return line.Proration is { } share ? share.Of(price) : price;
    }

    // A flat discount is spread over the lines that charge something, and is never more than they do.
    private static long[] Reductions(long[] prices, Reduction reduction)
    {
        if (reduction.Share is { } share) return [.. prices.Select(price => price > 0 ? share.Of(price) : 0)];
        var charged = prices.Select(price => Math.Max(0, price)).ToArray();
        return reduction.Flat == 0 ? new long[prices.Length] : Rounding.Allocate(Math.Min(reduction.Flat, charged.Sum()), charged);
    }

    private static LineTotals Of(Line line, long price, long off, bool taxInPrice)
    {
        var subtotal = taxInPrice ? NetPrice(line, price) : price;
        var discount = taxInPrice ? line.TaxRate.TakenOut(off) : off;
        var tax = taxInPrice ? price - off - subtotal + discount : line.TaxRate.Of(subtotal - discount);
        return new(line, Unit(line, subtotal, discount, tax), Sums.Of(subtotal, discount, tax));
    }

    // A whole line is so many times its unit: the tax of an inclusive price is taken out of the unit, and the rest of the cents are tax.
    private static long NetPrice(Line line, long price) =>
        line.Proration is null ? line.TaxRate.TakenOut(line.UnitPrice) * line.Quantity : line.TaxRate.TakenOut(price);

    private static Sums Unit(Line line, long subtotal, long discount, long tax) => line.Quantity == 0 ? default : Sums.Of(
        Rounding.Divide((Int128)subtotal * Math.Sign(line.Quantity), Math.Abs(line.Quantity)),
        Rounding.Divide((Int128)discount * Math.Sign(line.Quantity), Math.Abs(line.Quantity)),
        Rounding.Divide((Int128)tax * Math.Sign(line.Quantity), Math.Abs(line.Quantity)));
}
