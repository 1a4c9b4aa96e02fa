namespace Allocora.Contracts.Messages;

/// <summary>A refund, a credit, a chargeback or the reverse of one counts from now on.</summary>
/// <param name="FactId">The same for whatever is said about this adjustment as a whole.</param>
/// <param name="ProviderId">Paddle's id of the adjustment.</param>
/// <param name="TransactionId">Of the sale it is about.</param>
public sealed record RevenueAdjustmentRecorded(
    string FactId, string ProviderId, string Environment, string Source, string TransactionId, RevenueAdjustment Adjustment, RevenueEvidence Evidence)
{
    public const string Name = "revenue.adjustment.recorded.v1";
}

/// <summary>An adjustment in one of its versions.</summary>
/// <param name="Action">As Paddle has it, such as refund or chargeback_reverse.</param>
/// <param name="EffectiveAt">When it came to be; the period it belongs to is this moment's.</param>
/// <param name="ObservedAt">By Paddle's own clock, when this version came to be; null where it did not say.</param>
/// <param name="EffectOnRevenue">What to add to the sums. Paddle writes a refund of 5 as 5; here it is −5, and its reverse 5.</param>
/// <param name="LineEffectsOnRevenue">The same by the lines of the transaction.</param>
public sealed record RevenueAdjustment(
    string Action, string Status, string? Type, DateTimeOffset EffectiveAt, DateTimeOffset? ObservedAt, string? CustomerId, string? SubscriptionId,
    RevenueAdjustmentEffect EffectOnRevenue, IReadOnlyList<RevenueLineEffect> LineEffectsOnRevenue);

/// <summary>What an adjustment adds to the sums: for a refund, amounts below 0.</summary>
/// <param name="Fee">Null when it is not known, or did not change.</param>
/// <param name="Payout">In the currency of the payout; null until it is known.</param>
public sealed record RevenueAdjustmentEffect(
    Money Subtotal, Money Tax, Money Total, Money? Fee, Money? RetainedFee, Money? Earnings, RevenuePayoutEffect? Payout);

/// <summary>In the currency of the payout.</summary>
public sealed record RevenuePayoutEffect(
    Money Subtotal, Money Tax, Money Total, Money? Fee, Money? RetainedFee, Money? ChargebackFee, Money? Earnings);

/// <param name="LineId">The line of the transaction it takes from or gives back to.</param>
public sealed record RevenueLineEffect(string Id, string? LineId, Money Subtotal, Money Tax, Money Total);
