using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>
/// Decides what a row is to us. Of all versions of an object the same one wins in whatever order they are seen, and however often:
/// what counted as money before what did not, then the later, then the further status, then the greater hash.
/// </summary>
internal static class Judge
{
    /// <summary>A reason of a <see cref="Standing"/> that a person gave it; no rule takes it back while the object is the same.</summary>
    public const string Excluded = "excluded", Included = "included";

    public const string StatusWentBack = "status-went-back", SameTime = "same-time-other-content";

    /// <param name="itsTransaction">Of an adjustment.</param>
    public static Judgement Of(SeenRow row, Known? known, Known? itsTransaction, SourceTerms terms)
    {
        var fresh = Fresh.Of(row, itsTransaction, terms);
        if (known is null) return fresh;
        if (row.Revision.AsSpan().SequenceEqual(known.Revision)) return Again(row, fresh, known);

        // What a person left out comes back to a person, also when no rule would leave it out as it is now.
        if (known is { Standing: Standing.Skipped, Reason: Excluded } && fresh.Standing == Standing.Counts) fresh = Fresh.Changed(row);
        var effect = Statuses.Effect(row.Kind, row.Status);
        // What the Ledger counts is kept up to date with, whatever the rules say today. What a person let in is for a person again.
        if (known is { Standing: Standing.Counts } and not { Reason: Included } && effect > 0) fresh = Accepted;
        var weighs = fresh.Standing == Standing.Counts || known.Standing == Standing.Counts;
        var (then, rank) = (row.UpdatedAt.CompareTo(known.UpdatedAt), Statuses.Rank(row.Kind, row.Status).CompareTo(Statuses.Rank(row.Kind, known.Status)));
        var effects = weighs ? effect.CompareTo(Statuses.Effect(row.Kind, known.Status)) : 0;
        var order = effects != 0 ? effects : then != 0 ? then : rank != 0 ? rank : row.Revision.AsSpan().SequenceCompareTo(known.Revision);

        if (then == 0 && rank == 0 && known.WasReadOtherwise) return fresh;
        if (then == 0 && rank == 0) return Conflicting(SameTime, order > 0 ? fresh : null, weighs);
        if (order > 0) return then < 0 ? Conflicting(StatusWentBack, fresh, isTold: true) : fresh;
        if (then <= 0) return new(RowOutcome.Stale, null, null, IsTold: false);
        return Conflicting(Statuses.IsKnown(row.Kind, row.Status) ? StatusWentBack : "unknown-status", null, isTold: true);
    }

    /// <summary>What is known of the object once the row was judged.</summary>
    public static Known? After(SeenRow row, Known? known, Judgement judged)
    {
        // The same again, only later: had it not been noted, a version from between the two would seem to be the last.
        var isSame = known is not null && row.Revision.AsSpan().SequenceEqual(known.Revision);
        var at = isSame && known!.UpdatedAt > row.UpdatedAt ? known.UpdatedAt : row.UpdatedAt;
        var left = judged.Standing is not null || (isSame && row.UpdatedAt >= known!.UpdatedAt) ? LeftOf(row) ?? known?.Left : known?.Left;
        if (judged.Standing is { } standing) return new(row.Status, at, row.Revision, standing, judged.StandingReason) { Left = left };
        return isSame ? known! with { UpdatedAt = at, Left = left } : known;
    }

    private static Judgement Accepted { get; } = new(RowOutcome.Accepted, null, Standing.Counts, IsTold: true);

    // The object is what it was; what is around it may have changed.
    private static Judgement Again(SeenRow row, Judgement fresh, Known known)
    {
        var isAnother = fresh.Standing != known.Standing || fresh.Reason != known.Reason;
        var isJudgedAnew = known.Standing switch
        {
            Standing.Waiting => fresh.Standing == Standing.Counts,
            Standing.Skipped => isAnother && known.Reason != Excluded,
            Standing.Observed => isAnother && known.Reason == Fresh.BeforeStart,
            _ => false,
        };
        // What is left of it may be another amount all the same. Paddle need not say that it touched the sale.
        var isLeftAnew = known.Standing == Standing.Counts && row.UpdatedAt >= known.UpdatedAt && LeftOf(row) is { } left && left != known.Left;
        return isJudgedAnew ? fresh : new(RowOutcome.Duplicate, null, null, IsTold: isLeftAnew);
    }

    private static long? LeftOf(SeenRow row) => row.Transaction?.AdjustedTotal?.Minor;

    private static Judgement Conflicting(string reason, Judgement? taken, bool isTold) =>
        new(RowOutcome.Conflict, reason, taken?.Standing, isTold, taken?.Skip) { StandingReason = taken?.Reason };
}

/// <summary>What a row would be if nothing were known of its object.</summary>
internal static class Fresh
{
    public const string BeforeStart = "before-start", ZeroAmount = "zero-amount", CurrencyMismatch = "currency-mismatch", UnknownStatus = "unknown-status",
        UnknownAction = "unknown-action", UnknownCurrency = "unknown-currency", ChangedSince = "changed-after-exclusion";

    private static readonly HashSet<string> Actions = new(StringComparer.Ordinal)
    {
        "refund", "credit", "chargeback", "chargeback_warning", "chargeback_reverse", "chargeback_warning_reverse", "credit_reverse",
    };

    public static Judgement Of(SeenRow row, Known? itsTransaction, SourceTerms terms) => row switch
    {
        { Transaction: { } transaction } => Of(transaction, terms),
        { Adjustment: { } adjustment } => Of(adjustment, itsTransaction),
        _ => throw new ArgumentException("A row is about a transaction or about an adjustment.", nameof(row)),
    };

    /// <summary>A person left an earlier version out.</summary>
    public static Judgement Changed(SeenRow row) => Skipped(
        ChangedSince, "It has changed since it was left out.", row.Transaction?.Totals.Total ?? row.Adjustment!.Totals.Total,
        row.Transaction?.BilledAt ?? row.CreatedAt);

    private static Judgement Of(PaddleTransaction sale, SourceTerms terms)
    {
        var (total, at) = (sale.Totals.Total, sale.BilledAt ?? sale.CreatedAt);
        if (!Statuses.IsKnown(RowKind.Transaction, sale.Status))
            return Skipped(UnknownStatus, $"Paddle's status '{sale.Status}' is not known here.", total, at);
        if (Statuses.Effect(RowKind.Transaction, sale.Status) == 0) return new(RowOutcome.Observed, "not-paid", Standing.Observed, IsTold: false);
        if (at < terms.StartDate) return new(RowOutcome.Observed, BeforeStart, Standing.Observed, IsTold: false);
        if (total.Minor == 0) return Skipped(ZeroAmount, "Its total is 0.", total, at);
        if (!total.Currency.IsKnown) return Skipped(UnknownCurrency, $"How many decimals {total.Currency} has is not known here.", total, at);
        return IsForeign(sale, terms)
            ? Skipped(CurrencyMismatch, $"It is in {total.Currency}, the source takes {string.Join(", ", terms.Currencies)}.", total, at)
            : new(RowOutcome.Accepted, null, Standing.Counts, IsTold: true);
    }

    private static Judgement Of(PaddleAdjustment change, Known? itsTransaction)
    {
        var (total, at) = (change.Totals.Total, change.CreatedAt);
        if (!Statuses.IsKnown(RowKind.Adjustment, change.Status))
            return Skipped(UnknownStatus, $"Paddle's status '{change.Status}' is not known here.", total, at);
        if (!Actions.Contains(change.Action)) return Skipped(UnknownAction, $"Paddle's action '{change.Action}' is not known here.", total, at);
        if (change.Status == "pending_approval") return new(RowOutcome.Observed, "pending", Standing.Observed, IsTold: false);
        if (change.Status == "rejected") return new(RowOutcome.Observed, "rejected", Standing.Observed, IsTold: false);
        if (total.Minor == 0 && !HasFees(change)) return Skipped(ZeroAmount, "Its total is 0.", total, at);
        return WhyItWaits(itsTransaction?.Standing, itsTransaction?.Reason) is { } reason
            ? new(RowOutcome.Waiting, reason, Standing.Waiting, IsTold: false)
            : new(RowOutcome.Accepted, null, Standing.Counts, IsTold: true);
    }

    /// <summary>Why an adjustment cannot count yet; null when its transaction does.</summary>
    /// <param name="transaction">Null when nothing is known of it.</param>
    public static string? WhyItWaits(Standing? transaction, string? reason) => transaction switch
    {
        null => "transaction-unknown",
        Standing.Counts => null,
        Standing.Skipped => "transaction-skipped",
        _ => reason == BeforeStart ? "transaction-before-start" : "transaction-not-paid",
    };

    // Sold in a currency that is not taken, and not paid out in one that is.
    private static bool IsForeign(PaddleTransaction sale, SourceTerms terms) =>
        terms.Currencies.Count > 0 && !terms.Currencies.Contains(sale.Totals.Total.Currency.Code)
        && (sale.Payout is not { } payout || !terms.Currencies.Contains(payout.Total.Currency.Code));

    private static bool HasFees(PaddleAdjustment change) =>
        change.Payout is { } payout && (payout.Fee?.Minor is not (null or 0) || payout.RetainedFee?.Minor is not (null or 0)
            || payout.ChargebackFee?.Minor is not (null or 0));

    private static Judgement Skipped(string reason, string detail, Money amount, DateTimeOffset at) =>
        new(RowOutcome.Skipped, reason, Standing.Skipped, IsTold: false, new(reason, detail, amount, at));
}
