namespace Allocora.Contracts.Api;

/// <summary>What the Ledger knows of one object of Paddle's: what it comes to, and all that led there.</summary>
/// <param name="Kind"><c>sale</c>, or what Paddle calls the adjustment's action.</param>
/// <param name="Total">Of an adjustment, what it does to the sums.</param>
/// <param name="Adjustments">Of a sale: the ids of those that count.</param>
/// <param name="Completeness">Of a sale; null for an adjustment.</param>
/// <param name="Entries">Its events in the log, the first one first.</param>
public sealed record LedgerObject(
    string Environment, string ProviderId, string Kind, string TransactionId, string Status, DateTimeOffset UpdatedAt, Money Total,
    IReadOnlyList<string> Adjustments, SaleCompleteness? Completeness, IReadOnlyList<FactDetails> Facts, IReadOnlyList<Contradiction> Contradictions,
    IReadOnlyList<LedgerEntry> Entries);

/// <summary>Whether the adjustments known are those Paddle knows.</summary>
/// <param name="State">
/// <c>complete</c>; <c>difference</c>; <c>not-seen-since</c> when the sale was last seen before an adjustment changed;
/// <c>unknown</c> when Paddle never said.
/// </param>
/// <param name="InBooks">The sale's total less its adjustments.</param>
/// <param name="ByPaddle">What Paddle said last is left of it.</param>
public sealed record SaleCompleteness(
    string ProviderId, string Environment, string State, Money InBooks, Money? ByPaddle, Money? Difference, DateTimeOffset? SeenAt);

/// <summary>How many sales are in which state, and those whose difference has a name.</summary>
public sealed record CompletenessReport(IReadOnlyDictionary<string, long> Sales, IReadOnlyList<SaleCompleteness> Differences);

/// <summary>A version that cannot be true together with what counts, or with itself.</summary>
/// <param name="Reason"><c>other-amounts</c>, <c>other-settlement</c>, <c>status-went-back</c> or <c>unsound</c>.</param>
/// <param name="Detail">For people.</param>
/// <param name="Counts">What counts; null when nothing does yet.</param>
/// <param name="Says">What the version says.</param>
/// <param name="Status"><c>open</c>, <c>superseded</c> by a later version, <c>accepted</c> or <c>dismissed</c>.</param>
public sealed record Contradiction(
    string Id, string Environment, string ProviderId, string Reason, string Detail, Money? Counts, Money Says, string SaysStatus, string Status,
    DateTimeOffset FoundAt, long Sequence, DateTimeOffset? ClosedAt, string? ClosedBy, string? Note);

/// <param name="Decision"><c>accept</c>: the version counts from now on. <c>dismiss</c>: what counts stays.</param>
public sealed record DecideContradictionsRequest(IReadOnlyList<string> Ids, string Decision, string Reason);

/// <param name="Result"><c>accepted</c>, <c>dismissed</c>, <c>not-open</c> or <c>not-found</c>.</param>
public sealed record ContradictionDecision(string Id, string Result);

public sealed record ContradictionDecisions(IReadOnlyList<ContradictionDecision> Data);

/// <summary>An adjustment Paddle took back and whose reverse is not known.</summary>
/// <param name="Effect">What it still does to the sums.</param>
/// <param name="CounterBooked">A person booked what undoes it.</param>
public sealed record OpenReversal(
    string ProviderId, string TransactionId, string Environment, string Action, Money Effect, DateTimeOffset TakenBackAt, bool CounterBooked);

/// <param name="Reason">Why it is undone here.</param>
public sealed record CounterBookRequest(string Reason);
