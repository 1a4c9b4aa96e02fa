namespace Allocora.Contracts;

/// <summary>What counts of a Paddle adjustment, in the one form in which messages carry it and the Ledger's log keeps it.</summary>
/// <param name="Action">Such as refund or chargeback_reverse.</param>
/// <param name="Type">full or partial; null where Paddle did not say.</param>
/// <param name="Payout">In the currency of the payout; null until it is known.</param>
public sealed record PaddleAdjustment(
    string Id, string TransactionId, string Action, string Status, string? Type, string? CustomerId, string? SubscriptionId, string? Reason,
    bool? CreditAppliedToBalance, DateTimeOffset CreatedAt, DateTimeOffset? UpdatedAt, AdjustmentTotals Totals, AdjustmentPayoutTotals? Payout,
    IReadOnlyList<AdjustmentLine> Lines);

public sealed record AdjustmentTotals(Money Subtotal, Money Tax, Money Total, Money? Fee, Money? RetainedFee, Money? Earnings);

/// <param name="ChargebackFee">In the currency of the payout.</param>
public sealed record AdjustmentPayoutTotals(
    Money Subtotal, Money Tax, Money Total, Money? Fee, Money? RetainedFee, Money? ChargebackFee, Money? Earnings);

/// <param name="LineId">The line of the transaction it takes from or gives back to.</param>
public sealed record AdjustmentLine(string Id, string? LineId, string? Type, Money Subtotal, Money Tax, Money Total);
