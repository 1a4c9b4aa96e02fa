using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.Contracts.Messages;

namespace Allocora.Ledger;

/// <summary>What is kept, as it is told to others: ids and amounts, and nothing by which one would know a customer.</summary>
internal static class PublicForm
{
    public static DateTimeOffset EffectiveAt(PaddleTransaction sale) => sale.BilledAt ?? sale.CreatedAt;

    public static RevenueSale Of(PaddleTransaction sale) => new(
        sale.Status, EffectiveAt(sale), sale.UpdatedAt, sale.Place?.Country, sale.Place?.Region, sale.Origin, sale.CollectionMode, sale.CustomerId,
        sale.SubscriptionId, sale.InvoiceNumber, sale.DiscountId,
        new(
            sale.Totals.Subtotal, sale.Totals.Discount, sale.Totals.Tax, sale.Totals.Total, sale.Totals.Credit, sale.Totals.GrandTotal, sale.Fee,
            sale.Earnings),
        sale.Payout is { } payout ? Of(payout) : null, [.. sale.Lines.Select(Of)], sale.CustomData);

    public static RevenuePayout Of(PayoutTotals p) => new(p.Subtotal, p.Discount, p.Tax, p.Total, p.Fee, p.Earnings, p.ExchangeRate);

    public static RevenueTransactionEffect Of(SaleAmounts a) => new(
        new(a.Subtotal, a.Discount, a.Tax, a.Total, a.Credit, a.GrandTotal, a.Fee, a.Earnings),
        a.Payout is { } p ? new(p.Subtotal, p.Discount, p.Tax, p.Total, p.Fee, p.Earnings) : null);

    public static RevenueAdjustment Of(PaddleAdjustment change) => new(
        change.Action, change.Status, change.Type, change.CreatedAt, change.UpdatedAt, change.CustomerId, change.SubscriptionId,
        Of(ChangeContent.EffectOf(change)), [.. change.Lines.Select(l => new RevenueLineEffect(l.Id, l.LineId, -l.Subtotal, -l.Tax, -l.Total))]);

    public static RevenueAdjustmentEffect Of(AdjustmentAmounts a) => new(
        a.Subtotal, a.Tax, a.Total, a.Fee, a.RetainedFee, a.Earnings,
        a.Payout is { } p ? new(p.Subtotal, p.Tax, p.Total, p.Fee, p.RetainedFee, p.ChargebackFee, p.Earnings) : null);

    /// <summary>Of a booking of ours, which has the sign it counts with.</summary>
    public static RevenueLineEffect Of(AdjustmentLine line) => new(line.Id, line.LineId, line.Subtotal, line.Tax, line.Total);

    public static RevenueEvidence Of(SeenAt seen) => new(seen.Run, seen.Page, seen.Row, seen.Content);

    private static RevenueLine Of(TransactionLine line) => new(
        line.Id, line.ProductId, line.PriceId, line.Quantity, line.Totals.Subtotal, line.Totals.Discount, line.Totals.Tax, line.Totals.Total);
}
