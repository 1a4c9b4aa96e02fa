using System.Collections.Immutable;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>An adjustment as its stream tells it: just enough to judge the next version of it.</summary>
/// <param name="Known">The versions that left something in the stream.</param>
/// <param name="DecidedUntil">Where a person has decided, only what Paddle touched after all they could see is looked at again.</param>
/// <param name="IsTakenBack">Paddle took it back once; it does so only once.</param>
/// <param name="IsCounterBooked">A person booked what undoes it.</param>
internal sealed record Change(
    Versions<PaddleAdjustment> Versions, ImmutableHashSet<string> Known, DateTimeOffset? DecidedUntil, bool IsTakenBack, bool IsCounterBooked)
{
    public const string Reversed = "reversed";

    public static readonly Decider<Change, RevenueHappened> Decider = new(
        new(Versions<PaddleAdjustment>.None, [], DecidedUntil: null, IsTakenBack: false, IsCounterBooked: false), Evolve);

    // What was approved does not become another amount: a version that says so counts, as the last word of Paddle's, and is for a person to look at.
    public static readonly VersionRules<PaddleAdjustment> Rules = new(
        ChangeContent.SameAmounts, a => a.Payout is not null, (a, b) => a.Payout == b.Payout, MayChange: false);

    /// <summary>What a version of it that was seen comes to.</summary>
    public static Decision<RevenueHappened> Decide(Change change, PaddleAdjustment seen, SeenAt at)
    {
        var sight = SightOf(seen, at);
        if (change.Known.Contains(sight.Version) || sight.UpdatedAt <= change.DecidedUntil) return Decision.Nothing<RevenueHappened>();
        return change.Becoming(seen.Id, change.Versions, change.Versions.With(sight, Rules)).ToArray();
    }

    public static Sight<PaddleAdjustment> SightOf(PaddleAdjustment seen, SeenAt at) =>
        new(seen, at, seen.Status, RankOf(seen.Status, at.Included), seen.UpdatedAt ?? seen.CreatedAt, ChangeContent.WhatDoesNotAddUp(seen));

    /// <summary>What happens when what is remembered becomes something else.</summary>
    internal IEnumerable<RevenueHappened> Becoming(string id, Versions<PaddleAdjustment> before, Versions<PaddleAdjustment> after)
    {
        if (after.Current is { } now && (now.Version != before.Current?.Version || after.Settled?.Version != before.Settled?.Version))
            foreach (var happened in Counted(before, after, now)) yield return happened;
        foreach (var (reason, version) in after.Open.Where(o => before.Open.GetValueOrDefault(o.Key)?.Version != o.Value.Version))
            yield return new AdjustmentContradicted(reason, version.Body, version.Seen);
        foreach (var (reason, version) in before.Open.Where(o => after.Open.GetValueOrDefault(o.Key)?.Version != o.Value.Version))
            yield return new ContradictionClosed(id, reason, version.Version, Contradictions.Superseded, Note: null);
    }

    private IEnumerable<RevenueHappened> Counted(Versions<PaddleAdjustment> before, Versions<PaddleAdjustment> after, Sight<PaddleAdjustment> now)
    {
        var isTakenBack = now.Status == Reversed && !IsTakenBack;
        var body = ChangeContent.SettledAs(now.Body, after.Settled?.Body);
        if (before.Current is not { } was)
        {
            yield return new AdjustmentRecorded(body, now.Seen);
        }
        else
        {
            var known = ChangeContent.SettledAs(was.Body, before.Settled?.Body);
            if (!isTakenBack || !ChangeContent.SaysTheSame(known, now.Body))
                yield return new AdjustmentRevised(
                    body, after.Settled is { } by ? new(by.Status, by.UpdatedAt, by.Seen) : null, ChangeContent.Delta(known, body), now.Seen);
        }
        if (isTakenBack)
            yield return new AdjustmentReversalExpected(body.Id, body.TransactionId, body.Action, body.UpdatedAt, body.Totals.Total, now.Seen);
    }

    private static Change Evolve(Change change, RevenueHappened happened) => happened switch
    {
        AdjustmentRecorded e => change.Knowing(e.Seen, e.Adjustment, change.Versions with
        {
            Current = Counting(e.Adjustment with { Payout = null }, e.Seen),
            Settled = e.Adjustment.Payout is null ? null : Counting(e.Adjustment, e.Seen),
        }),
        AdjustmentRevised e => change.Knowing(e.Seen, e.Adjustment, change.Versions with
        {
            Current = Counting(e.Adjustment with { Payout = null }, e.Seen),
            Settled = e.SettledBy is { } by ? Counting(e.Adjustment with { Status = by.Status, UpdatedAt = by.UpdatedAt }, by.Seen) : null,
        }),
        AdjustmentReversalExpected e => Back(change, e),
        AdjustmentContradicted e => change.Knowing(e.Seen, e.Adjustment, change.Versions.Opened(e.Reason, SightOf(e.Adjustment, e.Seen))),
        AdjustmentCounterBooked => change with { IsCounterBooked = true },
        ContradictionClosed e => change with
        {
            Versions = change.Versions.Closed(e.Reason, e.Version),
            DecidedUntil = e.How == Contradictions.Superseded ? change.DecidedUntil : change.Versions.Latest(change.DecidedUntil),
        },
        _ => change,
    };

    private static Change Back(Change change, AdjustmentReversalExpected e)
    {
        var versions = change.Versions;
        var back = Counting(versions.Current!.Body with { Status = Reversed, UpdatedAt = e.UpdatedAt }, e.Seen);
        if (back.Version == versions.Current.Version) return change with { IsTakenBack = true }; // the event before this one said it all
        // It says the same as the one before, so it settles what that one settled.
        var settled = versions.Settled is { } by ? back with { Body = back.Body with { Payout = by.Body.Payout } } : null;
        return change.Knowing(e.Seen, back.Body, versions with { Current = back, Settled = settled }) with { IsTakenBack = true };
    }

    private static Sight<PaddleAdjustment> Counting(PaddleAdjustment body, SeenAt seen) => SightOf(body, seen) with { Unsound = null };

    private Change Knowing(SeenAt seen, PaddleAdjustment body, Versions<PaddleAdjustment> versions) =>
        this with { Versions = versions, Known = Known.Add(Sight.VersionOf(seen, body.UpdatedAt ?? body.CreatedAt)) };

    private static int RankOf(string status, bool isIncluded) => status switch
    {
        "pending_approval" => 1,
        "rejected" => Sight.Unpaid,
        "approved" => Sight.Unpaid + 1,
        Reversed => Sight.Unpaid + 2,
        _ => isIncluded ? Sight.Unpaid + 1 : 0,
    };
}
