using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>A transaction of the past as it is at one instant, in figures.</summary>
internal sealed class SaleAsOf
{
    private SaleAsOf(Chronicle chronicle, int number, long now)
    {
        (Number, Now, Sale, Stages) = (number, now, chronicle.Sales[number], chronicle.Stages(number));
        Dice = chronicle.SaleDice(number);
        Bill = chronicle.Bill(number);
        Exchange = chronicle.Exchange(number, Bill.Currency);
        if (Sale.FirstAdjustment < 0) return;
        foreach (var (at, figures) in new AdjustmentFigures(chronicle).Of(number, Bill)) Count(chronicle, at, figures);
    }

    public static SaleAsOf Of(Chronicle chronicle, int number, long now) => new(chronicle, number, now);

    public int Number { get; }

    public long Now { get; }

    public Sale Sale { get; }

    public SaleStages Stages { get; }

    public Dice Dice { get; }

    public Bill Bill { get; }

    public Exchange Exchange { get; }

    /// <summary>What was taken back of it, reversals taken off again.</summary>
    public Taken Taken { get; private set; }

    public Taken TakenInPayout { get; private set; }

    public DisputeFee DisputeFee { get; private set; }

    /// <summary>What was credited while it was an invoice to be paid.</summary>
    public Net Credited { get; private set; }

    public long GrandTotal => Bill.Totals.GrandTotal - Credited.Total;

    public Figures Figures => new(
        Bill.Currency, Bill.Totals.Sum, Bill.Totals.Credit, Bill.Totals.CreditToBalance, Bill.Totals.GrandTotalTax, Credited,
        Due: Stages.Paid <= Now ? 0 : GrandTotal, Fee: Stages.Figured <= Now ? Fee : null);

    private long Fee => Credited == default ? Bill.Fee : Totals.Fee(GrandTotal, Rates.FiftyCents(Bill.Currency));

    private void Count(Chronicle chronicle, int at, Adjusted figures)
    {
        ref readonly var row = ref chronicle.Adjustments[at];
        if (row.Created > Now || row.Settled > Now || row.IsRejected) return;
        Taken += figures.Totals;
        TakenInPayout += figures.Payout;
        if (row.HasFee && RenderAdjustment.DisputeFee(chronicle, at) is var fee) DisputeFee = fee with { Amount = DisputeFee.Amount + fee.Amount };
        if (row.Action == Action.Credit && !row.IsToBalance) Credited += figures.Totals.Net;
    }
}
