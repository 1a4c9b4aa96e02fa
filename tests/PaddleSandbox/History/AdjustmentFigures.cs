using Allocora.PaddleSandbox.Money;

namespace Allocora.PaddleSandbox.History;

/// <summary>What the adjustments of a sale of the past come to, one after another.</summary>
internal sealed class AdjustmentFigures(Chronicle chronicle)
{
    /// <summary>Every adjustment of the sale with its figures, oldest first, the rejected ones too.</summary>
    public List<(int Number, Adjusted Figures)> Of(int sale, Bill bill)
    {
        var all = new List<(int Number, Adjusted Figures)>();
        var counted = new List<Adjusted>();
        var whole = Sold(sale, bill);
        for (var number = chronicle.Sales[sale].FirstAdjustment; number >= 0; number = chronicle.Adjustments[number].Next)
        {
            ref readonly var row = ref chronicle.Adjustments[number];
            var original = row.Reverses;
            // What is credited on an invoice that is not paid yet was never charged a fee.
            var from = row.Action == Action.Credit && !row.IsToBalance ? whole with { Fee = 0 } : whole;
            var figures = original >= 0 ? all.First(one => one.Number == original).Figures.Reverse()
                : Adjusting.Of(from, counted, Wanted(number, row, from, counted), new(row.Retained, 2));
            all.Add((number, figures));
            if (!row.IsRejected) counted.Add(figures);
        }
        return all;
    }

    public Adjustable Sold(int sale, Bill bill)
    {
        var fee = bill.Fee;
        var lines = bill.Totals.Lines.Select((line, at) => new AdjustableLine(
            chronicle.LineId(sale, at), line.Line.TaxRate, new(line.Totals.Subtotal - line.Totals.Discount, line.Totals.Tax)));
        return new([.. lines], fee, chronicle.Exchange(sale, bill.Currency));
    }

    private IReadOnlyList<Wanted> Wanted(int number, in AdjustmentRow row, Adjustable sale, List<Adjusted> earlier)
    {
        var everything = Adjusting.Everything(sale, earlier);
        var left = Adjusting.Left(sale, earlier);
        switch (row.Extent)
        {
            case Extent.Tax:
                return [.. sale.Lines.Where((_, at) => left[at].Tax > 0).Select(line => new Wanted(line.Id, Part.Tax))];
            case Extent.OneLine:
                return [chronicle.AdjustmentDice(number).Pick(everything)];
            case Extent.Some:
                return Adjusting.Spread(sale, earlier, Math.Max(1, left.Sum(line => line.Total) * row.Percent / 100));
            case Extent.Proration:
                var share = row.Percent;
                return [.. sale.Lines.Select((line, at) => new Wanted(line.Id, Part.Proration, left[at].Total * share / 100)).Where(one => one.Amount > 0)];
            default:
                return everything;
        }
    }
}
