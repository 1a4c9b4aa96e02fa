namespace Allocora.Contracts.Events;

/// <summary>A sync run is over, and all it brought is in the log. In the stream of the run, <c>run-run_…</c>.</summary>
public sealed record SyncRunEnded(
    string Run, string Source, string Environment, string Mode, long Pages, long Rows, IReadOnlyDictionary<string, long> Outcomes,
    DateTimeOffset? CompleteUntil);

/// <summary>A product as the catalogue or a sale showed it. In its stream, <c>paddle-live-pro_…</c>.</summary>
public sealed record ProductSeen(
    string Product, string Source, string Environment, string Name, string Status, string Type, DateTimeOffset? UpdatedAt, IReadOnlyList<PriceSeen> Prices);

public sealed record PriceSeen(string Id, string? Name, string Status, string Type, Money? UnitPrice);

/// <summary>A payout Paddle told of. In its stream, <c>paddle-live-pay_…</c>.</summary>
/// <param name="Verified">Paddle's own list of events has it too, or a person vouched for it.</param>
public sealed record PayoutSeen(
    string Event, string Payout, string Source, string Environment, string Status, Money Amount, string? RemittanceReference, DateTimeOffset OccurredAt,
    bool Verified);

/// <summary>A check of the books found what must not be. In the stream <c>invariants</c> of the workspace.</summary>
public sealed record InvariantsBroken(long CheckedTo, IReadOnlyList<BreachFound> Breaches);

/// <summary>A check of the books found nothing, where the one before it had.</summary>
public sealed record InvariantsRestored(long CheckedTo);

/// <param name="Invariant">Such as <c>INV-5</c>.</param>
/// <param name="Count">How many objects it concerns; <paramref name="Examples"/> names some.</param>
public sealed record BreachFound(string Invariant, long Count, IReadOnlyList<string> Examples);
