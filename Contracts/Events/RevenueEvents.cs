namespace Allocora.Contracts.Events;

/// <summary>What may happen in the stream of a Paddle object, <c>paddle-live-txn_…</c> or <c>paddle-sandbox-adj_…</c>.</summary>
public abstract record RevenueHappened;

/// <summary>A sale is known: it was seen paid or completed for the first time.</summary>
/// <param name="Transaction">Without fee, earnings and payout, which <see cref="TransactionSettled"/> brings, also when they were seen at once.</param>
public sealed record TransactionRecorded(PaddleTransaction Transaction, SeenAt Seen) : RevenueHappened;

/// <summary>What the seller gets of it is known.</summary>
/// <param name="Transaction">Its id.</param>
public sealed record TransactionSettled(string Transaction, string Status, DateTimeOffset UpdatedAt, Settlement Settlement, SeenAt Seen) : RevenueHappened;

/// <summary>Another version of a sale counts from now on.</summary>
/// <param name="Transaction">As that version has it; fee, earnings and payout as they are known now.</param>
/// <param name="SettledBy">The version that told them; null while none has.</param>
/// <param name="Delta">
/// What it changes in the sums: nothing, one entry, or one that takes the old amounts away and one that brings the new ones
/// where a currency is another.
/// </param>
public sealed record TransactionRevised(PaddleTransaction Transaction, VersionSeen? SettledBy, IReadOnlyList<SaleAmounts> Delta, SeenAt Seen) : RevenueHappened;

/// <summary>What counts was seen again as it is, touched later by Paddle: what lies between the two is older than what counts.</summary>
/// <param name="Transaction">Its id.</param>
public sealed record TransactionSeenAgain(string Transaction, DateTimeOffset UpdatedAt, SeenAt Seen) : RevenueHappened;

/// <summary>A version that cannot be true together with what counts, or with itself. It changes nothing until somebody decides.</summary>
/// <param name="Reason">For programs, such as <c>same-state-other-amounts</c>.</param>
public sealed record TransactionContradicted(string Reason, PaddleTransaction Transaction, SeenAt Seen) : RevenueHappened;

/// <summary>An adjustment counts: it was seen approved or reversed for the first time.</summary>
public sealed record AdjustmentRecorded(PaddleAdjustment Adjustment, SeenAt Seen) : RevenueHappened;

/// <summary>Another version of an adjustment counts from now on.</summary>
/// <param name="Delta">What it changes in the sums, as <see cref="TransactionRevised.Delta"/> does; nothing where only what is around them is another.</param>
public sealed record AdjustmentRevised(
    PaddleAdjustment Adjustment, VersionSeen? SettledBy, IReadOnlyList<AdjustmentAmounts> Delta, SeenAt Seen) : RevenueHappened;

/// <summary>Paddle took an adjustment back. That is worth nothing by itself: a reverse of its own, or a reviewed counter line, undoes it.</summary>
/// <param name="Adjustment">Its id.</param>
public sealed record AdjustmentReversalExpected(
    string Adjustment, string Transaction, string Action, DateTimeOffset? UpdatedAt, Money Total, SeenAt Seen) : RevenueHappened;

/// <summary>As <see cref="TransactionContradicted"/>, of an adjustment.</summary>
public sealed record AdjustmentContradicted(string Reason, PaddleAdjustment Adjustment, SeenAt Seen) : RevenueHappened;

/// <summary>Somebody booked the line that undoes an adjustment Paddle took back without a reverse of its own.</summary>
/// <param name="Amounts">What is given back: the effect of the adjustment with the other sign.</param>
/// <param name="Lines">The same by the lines of the transaction.</param>
public sealed record AdjustmentCounterBooked(
    string Adjustment, string Transaction, string Environment, string Source, string Action, AdjustmentAmounts Amounts, IReadOnlyList<AdjustmentLine> Lines,
    string Reason) : RevenueHappened;

/// <summary>A contradiction is one no more.</summary>
/// <param name="About">The id of the transaction or adjustment.</param>
/// <param name="Version">The revision that contradicted.</param>
/// <param name="How"><c>superseded</c> by a version that came after, <c>accepted</c> or <c>dismissed</c> by a person.</param>
/// <param name="Note">What the person said about it.</param>
public sealed record ContradictionClosed(string About, string Reason, string Version, string How, string? Note) : RevenueHappened;

public sealed record Settlement(Money? Fee, Money? Earnings, PayoutTotals Payout);

/// <summary>Which of the versions of an object it was, by what orders them.</summary>
public sealed record VersionSeen(string Status, DateTimeOffset UpdatedAt, SeenAt Seen);

/// <param name="Credit">The customer's credit it was paid with, less what a sale below 0 added to it.</param>
/// <param name="Fee">Null when it is not known, or did not change.</param>
public sealed record SaleAmounts(
    Money Subtotal, Money Discount, Money Tax, Money Total, Money Credit, Money GrandTotal, Money? Fee, Money? Earnings, PayoutAmounts? Payout);

/// <summary>In the currency of the payout.</summary>
public sealed record PayoutAmounts(Money Subtotal, Money Discount, Money Tax, Money Total, Money? Fee, Money? Earnings);

/// <summary>What an adjustment does to the sums: for a refund, amounts below 0.</summary>
public sealed record AdjustmentAmounts(
    Money Subtotal, Money Tax, Money Total, Money? Fee, Money? RetainedFee, Money? Earnings, AdjustmentPayoutAmounts? Payout);

/// <summary>In the currency of the payout.</summary>
public sealed record AdjustmentPayoutAmounts(
    Money Subtotal, Money Tax, Money Total, Money? Fee, Money? RetainedFee, Money? ChargebackFee, Money? Earnings);
