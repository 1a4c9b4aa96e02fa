using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>Paddle's adjustment, as it spells it, to ours.</summary>
internal static class ReadAdjustment
{
    public const string Prefix = "adj";

    /// <exception cref="UnreadableException">What counts is missing, or is not what it should be.</exception>
    public static PaddleAdjustment Of(Field row)
    {
        var id = row.Of("id").Id(Prefix);
        var currency = row.Of("currency_code").Currency();
        var totals = row.Of("totals");
        totals.InCurrency(currency);
        return new(
            id, row.Of("transaction_id").Id(ReadTransaction.Prefix), row.Of("action").Word(), row.Of("status").Word(), row.Maybe("type")?.Word(),
            row.Maybe("customer_id")?.Id(), row.Maybe("subscription_id")?.Id(), row.Maybe("reason")?.Text(),
            row.Maybe("credit_applied_to_balance")?.Flag(), row.Of("created_at").Moment(), row.Maybe("updated_at")?.Time(),
            new(totals.Of("subtotal").Amount(currency), totals.Of("tax").Amount(currency), totals.Of("total").Amount(currency),
                totals.Maybe("fee")?.Amount(currency), totals.Maybe("retained_fee")?.Amount(currency), totals.Maybe("earnings")?.Amount(currency)),
            Payout(row.Maybe("payout_totals")), [.. row.Of("items").Items().Select(i => Line(i, currency))]);
    }

    private static AdjustmentPayoutTotals? Payout(Field? totals)
    {
        if (totals is not { } payout) return null;
        var currency = payout.Of("currency_code").Currency();
        return new(
            payout.Of("subtotal").Amount(currency), payout.Of("tax").Amount(currency), payout.Of("total").Amount(currency),
            payout.Maybe("fee")?.Amount(currency), payout.Maybe("retained_fee")?.Amount(currency),
            payout.Maybe("chargeback_fee")?.Maybe("amount")?.Amount(currency), payout.Maybe("earnings")?.Amount(currency));
    }

    private static AdjustmentLine Line(Field item, Currency currency)
    {
        var totals = item.Of("totals");
        return new(
            item.Of("id").Id(), item.Maybe("item_id")?.Id(), item.Maybe("type")?.Word(), totals.Of("subtotal").Amount(currency),
            totals.Of("tax").Amount(currency), totals.Of("total").Amount(currency));
    }
}
