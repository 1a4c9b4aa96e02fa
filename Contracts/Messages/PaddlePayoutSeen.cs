namespace Allocora.Contracts.Messages;

/// <summary>A payout Paddle told of by an event.</summary>
/// <param name="Status">unpaid or paid.</param>
/// <param name="Verified">The same event was found in Paddle's own list of events, or a person vouched for it.</param>
public sealed record PaddlePayoutSeen(
    string EventId, string PayoutId, string Source, string Environment, string Status, Money Amount, string? RemittanceReference, DateTimeOffset OccurredAt,
    bool Verified)
{
    public const string Name = "paddle.payout.seen.v1";
}
