using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>What a source takes, and from when on.</summary>
/// <param name="Currencies">None means all.</param>
internal sealed record SourceTerms(IReadOnlyList<string> Currencies, DateTimeOffset? StartDate, IReadOnlyList<string> CustomDataKeys);

/// <summary>Where an object stands with us.</summary>
internal enum Standing
{
    /// <summary>It is revenue, or takes from revenue: the Ledger has been told.</summary>
    Counts,

    /// <summary>It has no effect on money as it is.</summary>
    Observed,

    /// <summary>An adjustment whose transaction does not count, or not yet.</summary>
    Waiting,

    /// <summary>A rule leaves it out, and a person may look at it.</summary>
    Skipped,
}

/// <summary>What is known of an object from before.</summary>
internal sealed record Known(string Status, DateTimeOffset UpdatedAt, byte[] Revision, Standing Standing, string? Reason)
{
    /// <summary>
    /// It was read with another key or on other terms, which show more or less of the same version of an object: what differs then is news
    /// and no contradiction of Paddle's.
    /// </summary>
    public bool WasReadOtherwise { get; init; }

    /// <summary>What Paddle said last is left of a sale, in minor units; null where it did not say.</summary>
    public long? Left { get; init; }
}

/// <summary>Why a row goes to the register of skipped rows.</summary>
/// <param name="Reason">zero-amount, currency-mismatch, unknown-status, unknown-action, unknown-currency.</param>
internal sealed record Skip(string Reason, string Detail, Money Amount, DateTimeOffset OccurredAt);

/// <summary>What is to be done about a row.</summary>
/// <param name="Standing">What the object is from now on; null when the row changes nothing about it.</param>
/// <param name="IsTold">The Ledger is to hear of it.</param>
internal sealed record Judgement(RowOutcome Outcome, string? Reason, Standing? Standing, bool IsTold, Skip? Skip = null)
{
    /// <summary>Why the object stands as it does. In a conflict that is something else than what the row is in conflict about.</summary>
    public string? StandingReason { get; init; } = Reason;

    /// <summary>It is news to our books, and not only what Paddle says is left of a sale.</summary>
    public bool IsNews => IsTold && Outcome != RowOutcome.Duplicate;
}
