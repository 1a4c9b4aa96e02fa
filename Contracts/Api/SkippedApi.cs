namespace Allocora.Contracts.Api;

/// <summary>A transaction or adjustment that a rule leaves out, and what somebody decided about it.</summary>
/// <param name="Kind"><c>transaction</c> or <c>adjustment</c>.</param>
/// <param name="Reason">For programs, such as <c>zero-amount</c>.</param>
/// <param name="Detail">The reason in words.</param>
/// <param name="ProviderStatus">As Paddle has it.</param>
/// <param name="OccurredAt">When the sale was billed, or the adjustment made.</param>
/// <param name="Status"><c>open</c>, <c>excluded</c> or <c>included</c>.</param>
/// <param name="LastRun">The sync run that saw it in this form.</param>
/// <param name="DecidedBy">Null while nobody has; null also of a row that a later sync settled.</param>
public sealed record SkippedRow(
    string Id, string Source, string Environment, string ProviderId, string Kind, string Reason, string Detail, Money Amount, string ProviderStatus,
    DateTimeOffset OccurredAt, string Status, string FirstRun, string LastRun, string? DecidedBy, DateTimeOffset? DecidedAt, string? DecidedReason);

/// <param name="Decision"><c>exclude</c> or <c>include</c>.</param>
/// <param name="Reason">Why, for whoever asks later.</param>
public sealed record DecideSkippedRequest(IReadOnlyList<string> Ids, string Decision, string Reason);

/// <summary>What became of each row, in the order they were named.</summary>
public sealed record SkippedDecisions(IReadOnlyList<SkippedDecision> Results);

/// <param name="Result"><c>done</c>, <c>unchanged</c>, <c>not-found</c>, <c>cannot-include</c>, <c>already-told</c> or <c>changed-since</c>.</param>
/// <param name="Status">Of the row, after this.</param>
/// <param name="Detail">What to do about it, where it was not done.</param>
public sealed record SkippedDecision(string Id, string Result, string? Status, string? Detail);

/// <summary>An adjustment that counts as soon as its transaction does.</summary>
/// <param name="Reason">Why it waits, such as <c>transaction-unknown</c>.</param>
public sealed record WaitingAdjustment(
    string Id, string Environment, string Transaction, string? TransactionStatus, string Status, string Reason, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt);
