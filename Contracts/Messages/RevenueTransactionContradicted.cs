namespace Allocora.Contracts.Messages;

/// <summary>Paddle showed a version of a sale that cannot be true together with what counts, or with itself. It changes no sum.</summary>
/// <param name="FactId">The sale's.</param>
/// <param name="Reason">For programs, such as <c>other-amounts</c>.</param>
/// <param name="ContradictingSale">The version that does not count.</param>
public sealed record RevenueTransactionContradicted(
    string FactId, string ProviderId, string Environment, string Source, string Reason, RevenueSale ContradictingSale, RevenueEvidence Evidence)
{
    public const string Name = "revenue.transaction.contradicted.v1";
}
