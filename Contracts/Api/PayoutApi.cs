namespace Allocora.Contracts.Api;

/// <summary>A payout as an event of Paddle's told it.</summary>
/// <param name="EventId">Confirm it by this.</param>
/// <param name="Standing">
/// verified: in Paddle's own list of events; unverified: told by a webhook alone; confirmed: a person vouched for it; waiting: not looked up yet.
/// </param>
public sealed record PayoutTellings(
    string EventId, string PayoutId, string Status, Money Amount, string? RemittanceReference, DateTimeOffset OccurredAt, string Standing);
