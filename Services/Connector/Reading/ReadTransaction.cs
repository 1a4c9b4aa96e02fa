using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>Paddle's transaction, as it spells it, to ours.</summary>
internal static class ReadTransaction
{
    public const string Prefix = "txn";

    /// <exception cref="UnreadableException">What counts is missing, or is not what it should be.</exception>
    public static PaddleTransaction Of(Field row, IReadOnlyList<string> customDataKeys)
    {
        var id = row.Of("id").Id(Prefix);
        var currency = row.Of("currency_code").Currency();
        var details = row.Of("details");
        var totals = details.Of("totals");
        totals.InCurrency(currency);
        List<PaymentAttempt> payments = [.. (row.Maybe("payments")?.Items() ?? []).Select(p => Payment(p, currency))];
        var discount = row.Maybe("discount");
        return new(
            id, row.Of("status").Word(), row.Of("created_at").Moment(), row.Of("updated_at").Moment(), row.Maybe("billed_at")?.Time(),
            row.Maybe("revised_at")?.Time(), payments.Where(p => p.Status == "captured").Max(p => p.CapturedAt),
            row.Of("origin").Word(), row.Of("collection_mode").Word(), row.Maybe("customer_id")?.Id(), row.Maybe("subscription_id")?.Id(),
            row.Maybe("invoice_number")?.Text(), row.Maybe("discount_id")?.Id(), discount?.Maybe("code")?.Text(),
            Place(row.Maybe("address")), Period(row.Maybe("billing_period")), Totals(totals, currency), Adjusted(details, currency),
            totals.Maybe("fee")?.Amount(currency), totals.Maybe("earnings")?.Amount(currency), Payout(details.Maybe("payout_totals")),
            [.. details.Of("line_items").Items().Select(l => Line(l, currency))], payments, CustomData(row.Maybe("custom_data"), customDataKeys));
    }

    // Sales of before March 2024 know no credit to a balance.
    private static TransactionTotals Totals(Field totals, Currency currency) => new(
        totals.Of("subtotal").Amount(currency), totals.Of("discount").Amount(currency), totals.Of("tax").Amount(currency), totals.Of("total").Amount(currency),
        totals.Maybe("credit")?.Amount(currency) ?? Money.Zero(currency), totals.Maybe("credit_to_balance")?.Amount(currency) ?? Money.Zero(currency),
        totals.Of("grand_total").Amount(currency));

    private static Money? Adjusted(Field details, Currency currency)
    {
        if (details.Maybe("adjusted_totals") is not { } adjusted) return null;
        adjusted.InCurrency(currency);
        return adjusted.Maybe("total")?.Amount(currency);
    }

    private static PayoutTotals? Payout(Field? totals)
    {
        if (totals is not { } payout) return null;
        var currency = payout.Of("currency_code").Currency();
        return new(
            payout.Of("subtotal").Amount(currency), payout.Maybe("discount")?.Amount(currency) ?? Money.Zero(currency), payout.Of("tax").Amount(currency),
            payout.Of("total").Amount(currency), payout.Maybe("fee")?.Amount(currency), payout.Maybe("earnings")?.Amount(currency),
            payout.Maybe("exchange_rate")?.Text(), payout.Maybe("fee_rate")?.Text());
    }

    private static TransactionLine Line(Field line, Currency currency)
    {
        var (product, totals) = (line.Maybe("product"), line.Of("totals"));
        return new(
            line.Of("id").Id(), product?.Maybe("id")?.Id(), product?.Maybe("name")?.Text(), line.Maybe("price_id")?.Id(), line.Of("quantity").Number(),
            line.Maybe("tax_rate")?.Text(), line.Maybe("proration")?.Maybe("rate")?.Text(),
            new(totals.Of("subtotal").Amount(currency), totals.Of("discount").Amount(currency), totals.Of("tax").Amount(currency),
                totals.Of("total").Amount(currency)));
    }

    private static PaymentAttempt Payment(Field payment, Currency currency) => new(
        payment.Of("payment_attempt_id").Word(), payment.Of("amount").Amount(currency), payment.Of("status").Word(),
        payment.Maybe("method_details")?.Maybe("type")?.Word(), payment.Of("created_at").Moment(), payment.Maybe("captured_at")?.Time());

    private static PlaceOfSale? Place(Field? address) => address?.Maybe("country_code") is { } country
        ? new(country.Word(), address?.Maybe("region")?.Text(), address?.Maybe("postal_code")?.Text())
        : null;

    private static BillingPeriod? Period(Field? period) => period is { } of ? new(of.Of("starts_at").Moment(), of.Of("ends_at").Moment()) : null;

    private static SortedDictionary<string, string> CustomData(Field? customData, IReadOnlyList<string> keys)
    {
        var taken = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (customData is not { } data || keys.Count == 0) return taken;
        foreach (var key in keys)
        {
            if (data.Maybe(key) is { } member) taken[key] = member.Value.GetRawText();
        }
        return taken;
    }
}
