namespace Allocora.Contracts.Messages;

/// <summary>A sale counts from now on.</summary>
/// <param name="FactId">The same for whatever is said about this sale as a whole.</param>
/// <param name="ProviderId">Paddle's id of the transaction.</param>
/// <param name="Environment">live or sandbox.</param>
/// <param name="Source">The connected account that saw it.</param>
public sealed record RevenueTransactionRecorded(
    string FactId, string ProviderId, string Environment, string Source, RevenueSale Sale, RevenueEvidence Evidence)
{
    public const string Name = "revenue.transaction.recorded.v1";
}

/// <summary>A sale in one of its versions.</summary>
/// <param name="Status">As Paddle has it, such as paid or completed.</param>
/// <param name="EffectiveAt">When it was billed, else when it came to be; the period it belongs to is this moment's.</param>
/// <param name="ObservedAt">By Paddle's own clock, when this version came to be.</param>
/// <param name="Country">Two letters; null where the account may not read addresses.</param>
/// <param name="Payout">In the currency of the payout; null until it is known.</param>
/// <param name="CustomData">Only the keys the account's owner allows, as JSON writes their values.</param>
public sealed record RevenueSale(
    string Status, DateTimeOffset EffectiveAt, DateTimeOffset ObservedAt, string? Country, string? Region, string Origin, string CollectionMode,
    string? CustomerId, string? SubscriptionId, string? InvoiceNumber, string? DiscountId, RevenueAmounts Amounts, RevenuePayout? Payout,
    IReadOnlyList<RevenueLine> Lines, IReadOnlyDictionary<string, string> CustomData);

/// <param name="Credit">What was paid with the customer's credit; the grand total is without it.</param>
/// <param name="Fee">Null when it is not known, or in an effect when it did not change.</param>
public sealed record RevenueAmounts(
    Money Subtotal, Money Discount, Money Tax, Money Total, Money Credit, Money GrandTotal, Money? Fee, Money? Earnings);

/// <summary>In the currency of the payout.</summary>
/// <param name="ExchangeRate">As Paddle writes it; nothing is reckoned with it.</param>
public sealed record RevenuePayout(
    Money Subtotal, Money Discount, Money Tax, Money Total, Money? Fee, Money? Earnings, string? ExchangeRate);

public sealed record RevenueLine(
    string Id, string? ProductId, string? PriceId, long Quantity, Money Subtotal, Money Discount, Money Tax, Money Total);

/// <summary>Where what Paddle said is kept: the row of a page of a sync run, and the hash of its payload.</summary>
public sealed record RevenueEvidence(string Run, long Page, int Row, string Content);
