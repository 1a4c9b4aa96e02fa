namespace Allocora.Contracts.Messages;

/// <summary>What the seller gets of a sale is known. Its other amounts are what they were.</summary>
/// <param name="FactId">The sale's.</param>
/// <param name="ObservedAt">By Paddle's own clock, when the version that told it came to be.</param>
public sealed record RevenueTransactionSettled(
    string FactId, string ProviderId, string Environment, string Source, string Status, DateTimeOffset ObservedAt, Money? Fee, Money? Earnings,
    RevenuePayout Payout, RevenueEvidence Evidence)
{
    public const string Name = "revenue.transaction.settled.v1";
}
