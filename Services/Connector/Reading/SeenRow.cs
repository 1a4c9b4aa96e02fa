using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>What became of a row that was fetched. Every row has exactly one.</summary>
internal enum RowOutcome
{
    Accepted,
    Duplicate,
    Stale,
    Observed,
    Waiting,
    Skipped,
    Invalid,
    Conflict,
}

internal enum RowKind
{
    Transaction,
    Adjustment,
}

/// <summary>A row as it was read: what counts in it, and what is kept of it as evidence.</summary>
/// <param name="Revision">The hash of what counts, so that what does not count can change without being news.</param>
/// <param name="Payload">The row's JSON without what names or reaches a person.</param>
/// <param name="Content">The hash of <paramref name="Payload"/>.</param>
internal sealed record SeenRow(
    RowKind Kind, string Id, string Status, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, byte[] Revision, byte[] Content, byte[] Payload)
{
    /// <summary>Of a row about a transaction.</summary>
    public PaddleTransaction? Transaction { get; init; }

    /// <summary>Of a row about an adjustment.</summary>
    public PaddleAdjustment? Adjustment { get; init; }
}

/// <summary>One place of a page: a row, or why there is none.</summary>
/// <param name="Id">As far as it can be told.</param>
/// <param name="Fault">A code and the field, such as <c>not-an-amount:details.totals.total</c>; null for a row that could be read.</param>
internal sealed record ReadRow(RowKind Kind, string? Id, SeenRow? Row, string? Fault);

/// <summary>A page of a list as it was read.</summary>
/// <param name="NextAfter">The id after which the next page begins; null on the last page.</param>
internal sealed record ReadPage(IReadOnlyList<ReadRow> Rows, string? NextAfter, long? EstimatedTotal);
