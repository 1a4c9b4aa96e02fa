namespace Allocora.Contracts;

/// <summary>What counts of a Paddle transaction, in the one form in which messages carry it and the Ledger's log keeps it.</summary>
/// <param name="Status">As Paddle has it, such as paid or completed.</param>
/// <param name="CapturedAt">When the last payment came in; null when none did.</param>
/// <param name="AdjustedTotal">The total after the adjustments Paddle knew of; null where it was not told.</param>
/// <param name="Fee">Paddle's fee; null until it is known.</param>
/// <param name="Payout">In the currency of the payout; null until it is known.</param>
/// <param name="CustomData">The keys the source is allowed to take, in their order, as JSON writes their values.</param>
public sealed record PaddleTransaction(
    string Id, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? BilledAt, DateTimeOffset? RevisedAt,
    DateTimeOffset? CapturedAt, string Origin, string CollectionMode, string? CustomerId, string? SubscriptionId, string? InvoiceNumber,
    string? DiscountId, string? DiscountCode, PlaceOfSale? Place, BillingPeriod? BillingPeriod, TransactionTotals Totals,
    Money? AdjustedTotal, Money? Fee, Money? Earnings, PayoutTotals? Payout, IReadOnlyList<TransactionLine> Lines, IReadOnlyList<PaymentAttempt> Payments,
    IReadOnlyDictionary<string, string> CustomData);

public sealed record PlaceOfSale(string Country, string? Region, string? PostalCode);

public sealed record BillingPeriod(DateTimeOffset StartsAt, DateTimeOffset EndsAt);

/// <param name="Credit">What was paid with the customer's credit.</param>
/// <param name="CreditToBalance">What a negative sale added to that credit.</param>
public sealed record TransactionTotals(
    Money Subtotal, Money Discount, Money Tax, Money Total, Money Credit, Money CreditToBalance, Money GrandTotal);

/// <param name="ExchangeRate">As Paddle writes it; nothing is reckoned with it.</param>
public sealed record PayoutTotals(
    Money Subtotal, Money Discount, Money Tax, Money Total, Money? Fee, Money? Earnings, string? ExchangeRate, string? FeeRate);

public sealed record TransactionLine(
    string Id, string? ProductId, string? ProductName, string? PriceId, long Quantity, string? TaxRate, string? ProrationRate, LineTotals Totals);

public sealed record LineTotals(Money Subtotal, Money Discount, Money Tax, Money Total);

/// <param name="Method">Such as card or paypal, and nothing about it.</param>
public sealed record PaymentAttempt(string Id, Money Amount, string Status, string? Method, DateTimeOffset CreatedAt, DateTimeOffset? CapturedAt);
