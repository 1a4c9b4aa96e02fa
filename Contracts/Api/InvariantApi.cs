namespace Allocora.Contracts.Api;

/// <summary>A check of a workspace's books.</summary>
/// <param name="CheckedTo">The last event of the log that was looked at.</param>
/// <param name="Ok">Nothing was found that must not be. While something is, nothing is calculated.</param>
public sealed record InvariantReport(bool Ok, long CheckedTo, DateTimeOffset CheckedAt, IReadOnlyList<InvariantResult> Results);

/// <param name="Id">Such as <c>INV-5</c>.</param>
/// <param name="Says">What has to hold.</param>
/// <param name="Breaches">How many objects it does not hold for.</param>
/// <param name="Examples">Some of them.</param>
/// <param name="Blocks">Whether a breach keeps the books from being used.</param>
public sealed record InvariantResult(string Id, string Says, long Breaches, IReadOnlyList<string> Examples, bool Blocks);
