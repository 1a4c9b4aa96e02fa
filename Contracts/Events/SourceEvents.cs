namespace Allocora.Contracts.Events;

/// <summary>What may happen in the stream of a source, <c>source-src_…</c>. Who did it stands in the headers of each event.</summary>
public abstract record SourceHappened;

/// <param name="Environment">live or sandbox.</param>
/// <param name="Account">Paddle's own id of the account; null where the API does not tell it.</param>
/// <param name="Masked">The part of the key that is no secret.</param>
/// <param name="Lacks">Permissions the key was found not to have.</param>
/// <param name="Terms">What the source takes, and how often it is asked.</param>
public sealed record SourceConnected(
    string Source, string Name, string Provider, string Environment, string? Account, string Masked, string? KeyId, DateTimeOffset? ExpiresAt,
    IReadOnlyList<string> Lacks, SourceTermsSaid Terms) : SourceHappened;

/// <param name="Currencies">None means all.</param>
/// <param name="StartDate">What is older is left out; null when nothing is.</param>
public sealed record SourceTermsSaid(IReadOnlyList<string> Currencies, DateTimeOffset? StartDate, int IntervalMinutes, IReadOnlyList<string> CustomDataKeys);

public sealed record SourceChanged(string Source, SourceSaid Before, SourceSaid After) : SourceHappened;

public sealed record SourceSaid(string Name, SourceTermsSaid Terms);

/// <param name="Version">Of the new key; the first was 1.</param>
/// <param name="OldGoodUntil">Until then the key before it is kept; null when it was thrown away at once.</param>
public sealed record SourceKeyRotated(
    string Source, int Version, string Masked, string? KeyId, string? Account, DateTimeOffset? ExpiresAt, IReadOnlyList<string> Lacks,
    DateTimeOffset? OldGoodUntil) : SourceHappened;

public sealed record SourcePaused(string Source) : SourceHappened;

public sealed record SourceResumed(string Source, IReadOnlyList<string> Lacks) : SourceHappened;

/// <summary>The service itself stopped it, and goes on when a person has put right why.</summary>
/// <param name="Because">For programs, such as <c>credential-invalid</c>.</param>
public sealed record SourceStopped(string Source, string Because) : SourceHappened;

/// <summary>Its keys and secrets are gone; what it brought stays.</summary>
public sealed record SourceDisconnected(string Source) : SourceHappened;

/// <summary>These and no others count from now on.</summary>
public sealed record WebhookSecretsSet(string Source, int Count) : SourceHappened;

/// <summary>Somebody vouched for a payout that no list of Paddle's shows.</summary>
/// <param name="Event">Paddle's id of the event that told of it.</param>
public sealed record PayoutConfirmed(string Source, string Event, string Payout) : SourceHappened;

public sealed record SyncRequested(string Source, string Run, string Mode) : SourceHappened;

public sealed record SyncCancelled(string Source, string Run) : SourceHappened;
