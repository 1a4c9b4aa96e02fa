namespace Allocora.Contracts.Messages;

/// <summary>
/// Paddle took an adjustment back. That changes no sum by itself: an adjustment of its own, or a counter booking, follows and does.
/// </summary>
/// <param name="FactId">The adjustment's.</param>
/// <param name="ReversedAt">By Paddle's own clock, else when it was seen.</param>
/// <param name="ExpectedEffectOnRevenue">The total that what follows is expected to bring. It is not to be added now.</param>
public sealed record RevenueAdjustmentReversalExpected(
    string FactId, string ProviderId, string Environment, string Source, string TransactionId, string Action, DateTimeOffset ReversedAt,
    Money ExpectedEffectOnRevenue, RevenueEvidence Evidence)
{
    public const string Name = "revenue.adjustment.reversal-expected.v1";
}
