namespace Allocora.Contracts.Messages;

/// <summary>The sums change for an adjustment that is already in them.</summary>
/// <param name="FactId">Of this booking.</param>
/// <param name="Cause"><c>booked</c> by a person who undid it, or <c>revised</c> where Paddle showed another version of it.</param>
/// <param name="Source">Null where a person booked it.</param>
/// <param name="EffectiveAt">When it was booked; of a revision, when the adjustment came to be.</param>
/// <param name="EffectsOnRevenue">
/// What to add to the sums: undoing a refund, amounts above 0. One entry, or where a currency changed one that takes the old
/// amounts away and one that brings the new ones.
/// </param>
/// <param name="LineEffectsOnRevenue">The same by the lines of the transaction; empty for a revision.</param>
/// <param name="Adjustment">As a revision leaves it, to take the place of what was told before; null where a person booked.</param>
/// <param name="Evidence">Null where a person booked it.</param>
public sealed record RevenueAdjustmentCounterBooked(
    string FactId, string ProviderId, string Environment, string? Source, string TransactionId, string Cause, DateTimeOffset EffectiveAt,
    IReadOnlyList<RevenueAdjustmentEffect> EffectsOnRevenue, IReadOnlyList<RevenueLineEffect> LineEffectsOnRevenue, RevenueAdjustment? Adjustment,
    RevenueEvidence? Evidence)
{
    public const string Name = "revenue.adjustment.counter-booked.v1";
}
