namespace Allocora.Contracts.Api;

/// <summary>Something that changed the sums, as it stands in the books. All facts of one object together come to what it is now.</summary>
/// <param name="Kind"><c>sale</c>, or what Paddle calls an adjustment's action, such as <c>refund</c>. What a refund takes is below 0.</param>
/// <param name="Change">
/// <c>original</c>; <c>revision</c> for the difference a later version made; <c>counter</c> for what a person booked to undo it.
/// </param>
/// <param name="ProviderId">Of the transaction or adjustment.</param>
/// <param name="TransactionId">Of the sale it belongs to; its own id for a sale.</param>
/// <param name="Status">As Paddle had it.</param>
/// <param name="Net">The total without tax.</param>
/// <param name="Fee">Null until it is known.</param>
/// <param name="Payout">In the currency of the payout; null until it is known.</param>
/// <param name="Country">Of the sale, for its adjustments too; null where it was not told.</param>
/// <param name="Products">Paddle's ids of what it is about.</param>
/// <param name="EffectiveAt">When it was billed, or an adjustment made: the month it belongs to.</param>
/// <param name="ObservedAt">When Paddle last touched what was seen.</param>
/// <param name="SettledAt">When what the seller gets of it became known here; null until then.</param>
/// <param name="Sequence">Its place in the log.</param>
public sealed record FactDetails(
    string Id, string Kind, string Change, string Environment, string Source, string ProviderId, string TransactionId, string Status, Money Subtotal,
    Money Discount, Money Tax, Money Total, Money Net, Money? Fee, Money? Earnings, FactPayout? Payout, string? Country, IReadOnlyList<string> Products,
    DateTimeOffset EffectiveAt, DateTimeOffset ObservedAt, DateTimeOffset RecordedAt, DateTimeOffset? SettledAt, long Sequence);

/// <param name="ExchangeRate">As Paddle writes it; nothing is reckoned with it.</param>
public sealed record FactPayout(Money Total, Money Tax, Money? Fee, Money? Earnings, Money? ChargebackFee, string? ExchangeRate);

/// <summary>A fact with the event it was read from, all that was seen and where.</summary>
/// <param name="Transaction">As it was seen; null for an adjustment's fact.</param>
/// <param name="Adjustment">As it was seen; null for a sale's fact.</param>
/// <param name="Seen">Down to the row of the page; null for what a person booked.</param>
public sealed record FactEvidence(FactDetails Fact, PaddleTransaction? Transaction, PaddleAdjustment? Adjustment, SeenAt? Seen, LedgerEntry Entry);

/// <summary>An event of the log, and what binds it to all before it.</summary>
/// <param name="Content">The hash of its data and headers.</param>
/// <param name="Chain">The hash of the chain up to it.</param>
public sealed record LedgerEntry(
    long Sequence, Guid Id, string Stream, long Version, string Type, DateTimeOffset RecordedAt, string? Run, string? By, string Content, string Chain);
