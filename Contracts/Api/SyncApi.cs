namespace Allocora.Contracts.Api;

/// <param name="Mode">normal fetches what is new, full the whole history.</param>
public sealed record StartSyncRequest(string Mode);

/// <summary>A sync run, as far as it is known.</summary>
/// <param name="State">queued, running, waiting, delivering, succeeded, failed, paused or cancelled.</param>
/// <param name="Trigger">person, schedule or webhook.</param>
/// <param name="Rows">That were fetched; <paramref name="Outcomes"/> add up to it.</param>
/// <param name="Found">News by the lane that found it.</param>
/// <param name="Released">Adjustments that had waited and count now.</param>
/// <param name="EstimatedTotal">What Paddle guesses the list being read holds: no measure of completeness.</param>
/// <param name="ToReview">Skipped rows of this run nobody has decided on.</param>
public sealed record SyncRunDetails(
    string Id, string Source, string Mode, string State, string Trigger, string? RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt, string? Stage, long Pages, long Rows, IReadOnlyDictionary<string, long> Outcomes, IReadOnlyDictionary<string, long> Found,
    long Released, long? EstimatedTotal, long ToReview, DateTimeOffset? ResumeAt, string? WaitingBecause, SyncFault? Error);

/// <param name="Code">For programs, such as credential-invalid.</param>
public sealed record SyncFault(string Code, string? Detail);

/// <summary>What became of one row, and where it stood.</summary>
/// <param name="Content">The hash of the payload that is kept as evidence; null where the row could not be read.</param>
/// <param name="Released">It is no row of the page: it had waited for one.</param>
public sealed record SyncRowDetails(
    long Page, int Row, string Lane, string Kind, string? ProviderId, string Outcome, string? Reason, string? Status, DateTimeOffset? UpdatedAt,
    string? Content, bool Released, DateTimeOffset At);
