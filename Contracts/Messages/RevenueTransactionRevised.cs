namespace Allocora.Contracts.Messages;

/// <summary>Another version of a sale counts from now on.</summary>
/// <param name="FactId">Of this revision.</param>
/// <param name="Sale">As it is now: it takes the place of what was told before and must not be added to it.</param>
/// <param name="EffectsOnRevenue">
/// What to add to sums in which the sale is already: nothing where only what is around the amounts is another, else one entry, or
/// where a currency changed one that takes the old amounts away and one that brings the new ones.
/// </param>
public sealed record RevenueTransactionRevised(
    string FactId, string ProviderId, string Environment, string Source, RevenueSale Sale, IReadOnlyList<RevenueTransactionEffect> EffectsOnRevenue,
    RevenueEvidence Evidence)
{
    public const string Name = "revenue.transaction.revised.v1";
}

/// <summary>What a revision adds to the sums; what it takes away is below 0.</summary>
public sealed record RevenueTransactionEffect(RevenueAmounts Amounts, RevenuePayoutAmounts? Payout);

/// <summary>In the currency of the payout.</summary>
public sealed record RevenuePayoutAmounts(Money Subtotal, Money Discount, Money Tax, Money Total, Money? Fee, Money? Earnings);
