using Allocora.PaddleSandbox.Reports;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>
/// Every column of the payout report in its order. Those Paddle prints have one name; of the others nobody outside knows the name: each has up to
/// three that are likely, and a choice says which of them.
/// </summary>
internal static class MovementColumns
{
    private sealed record Line(string[] Names, Func<MovementRow, Cell> Of);

    private static readonly Line[] Lines =
    [
        new(["remittance_reference", "payout_reference", "payout_id"], row => row.Payout?.Reference),
        new(["payout_id", "payout_entity_id", "payout"], row => row.Payout?.Id),
        new(["transaction_id"], row => row.TransactionId),
        new(["adjustment_id"], row => row.Movement.Adjustment.Word("id")),
        new(["customer_id"], row => row.CustomerId),
        new(["subscription_id"], row => row.SubscriptionId),
        new(["payout_period_starts_at", "payout_period_start", "period_start"], row => row.Payout is { } payout ? Cell.Time(Months.Start(payout.First)) : null),
        new(["payout_period_ends_at", "payout_period_end", "period_end"], row => Cell.Time(row.Payout?.CreatedAt)),
        new(["payout_created_at", "payout_created", "payout_date"], row => Cell.Time(row.Payout?.CreatedAt)),
        new(["transaction_created_at"], row => row.Sale.Word("created_at")),
        new(["transaction_updated_at", "transaction_updated_date"], row => Cell.Time(row.TransactionUpdatedAt)),
        new(["transaction_completed_at", "completed_at"], row => Cell.Time(row.Movement.CompletedAt)),
        new(["balance_movement_date"], row => Cell.Time(row.Movement.At)),
        new(["balance_currency_code", "payout_currency_code", "balance_currency"], row => row.Payout is null ? null : row.Movement.Balance),
        new(["transaction_currency_code", "currency_code", "transaction_currency"], row => row.Movement.Currency),
        new(["balance_movement_type"], row => MovementKind.Written(row.Movement.Kind, row.View.Choices)),
        new(["reason"], row => row.Movement.Reason),
        new(["balance_movement_direction", "direction", "movement_direction"], row => IsIn(row.Movement) ? "in" : "out"),
        new(["customer_country_code", "country_code", "address_country_code"], row => row.Address.Word("country_code")),
        new(["customer_region", "region", "us_state"], row => row.Address.Word("region")),
        new(["customer_postal_code", "postal_code", "zip_code"], row => row.Address.Word("postal_code")),
        new(["customer_email"], row => row.Customer.Word("email")),
        new(["product_ids", "product_id"], row => Items(row, "product", "id")),
        new(["product_names", "product_name"], row => Items(row, "product", "name")),
        new(["price_ids", "price_id"], row => Prices(row, "id")),
        new(["price_names", "price_name"], row => Prices(row, "name")),
        new(["tax_rates", "tax_rate", "tax_rates_used"],
            row => Cell.List(row.Sale.Part("details").Parts("tax_rates_used").Select(used => used.Word("tax_rate")))),
        new(["tax_mode", "price_tax_mode"], row => row.Sale.Parts("items").FirstOrDefault().Part("price").Word("tax_mode")),
        new(["origin", "transaction_origin"], row => row.Sale.Word("origin")),
        new(["payment_method", "payment_method_type"], row => PaymentMethod(row)),
        new(["billing_cycle_frequency", "billing_frequency"], row => Cycle(row, "frequency")),
        new(["billing_cycle_interval", "billing_interval"], row => Cycle(row, "interval")),
        new(["exchange_base_rate", "base_exchange_rate", "exchange_rate"], row => row.Movement.Conversion?.AtBase.Rate.ToString()),
        new(["exchange_margin_rate"], row => row.Movement.Conversion?.Margin.ToString()),
        new(["transaction_to_balance_currency_exchange_rate"], row => row.Movement.Conversion?.AtFinal.Rate.ToString()),
        new(["invoice_entity"], row => row.Sale is null ? null : row.Address.Word("country_code") == "US" ? "US" : "RoW"),
        new(["discount_ids", "discount_id"], row => row.Sale.Word("discount_id")),
        new(["discount_codes", "discount_code"], row => row.Discount.Word("code")),
        new(["discount_names", "discount_name"], row => row.Discount.Word("description")),
        new(["discount_types", "discount_type"], row => row.Discount.Word("type") is "flat_per_seat" ? "flat" : row.Discount.Word("type")),
        .. Pair("subtotal", parts => parts.Subtotal),
        .. Pair("discount", parts => parts.Discount),
        .. Pair("total_gross", parts => parts.Gross),
        .. Pair("tax", parts => parts.Tax),
        .. Pair("paddle_fee", parts => parts.Fee),
        .. Pair("retained_fee", parts => parts.Retained),
        InBalance("fx_fee", movement => movement.FxFee),
        InBalance("fx_fee_precision_adjustment", movement => movement.FxPrecision),
        .. Pair("chargeback_fee", parts => parts.ChargebackFee),
        InBalance("payout_rebates_and_fees", movement => movement.RebatesAndFees),
        InBalance("balance_movement", movement => movement.Amount),
    ];

    /// <summary>The columns with the first, second or third of their names; the last one they have, where they have fewer.</summary>
    public static IReadOnlyList<Column<MovementRow>> Named(string which)
    {
        var at = Array.IndexOf(["first", "second", "third"], which);
        return [.. Lines.Select(line => new Column<MovementRow>(line.Names[Math.Min(at, line.Names.Length - 1)], line.Of))];
    }

    private static Line[] Pair(string name, Func<Parts, long> part) =>
    [
        new([name + "_in_transaction_currency"], row => Cell.Money(part(row.Movement.InTransaction), row.Movement.Currency ?? row.Movement.Balance)),
        InBalance(name, movement => part(movement.InBalance)),
    ];

    private static Line InBalance(string name, Func<Movement, long> amount) =>
        new([name + "_in_balance_currency"], row => Cell.Money(amount(row.Movement), row.Movement.Balance));

    // What came to nothing went the way its kind goes.
    private static bool IsIn(Movement movement) => movement.Amount == 0 ? movement.Adjustment is null : movement.Amount > 0;

    private static Cell Items(MovementRow row, string part, string field) =>
        Cell.List(row.Sale.Part("details").Parts("line_items").Select(line => line.Part(part).Word(field)).Distinct());

    private static Cell Prices(MovementRow row, string field) => Cell.List(row.Sale.Parts("items").Select(item => item.Part("price").Word(field)).Distinct());

    private static string? PaymentMethod(MovementRow row)
    {
        var payments = row.Sale.Parts("payments").ToList();
        return (payments.FirstOrDefault(payment => payment.Word("status") == "captured") ?? payments.FirstOrDefault()).Part("method_details").Word("type");
    }

    private static string? Cycle(MovementRow row, string field) => row.SubscriptionId is null
        ? null
        : row.Sale.Parts("items").Select(item => item.Part("price").Part("billing_cycle")).FirstOrDefault(cycle => cycle is not null).Word(field);
}
