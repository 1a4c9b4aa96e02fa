using System.Collections.Immutable;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>A sale as its stream tells it: just enough to judge the next version of it.</summary>
/// <param name="Known">The versions that left something in the stream.</param>
/// <param name="DecidedUntil">Where a person has decided, only what Paddle touched after all they could see is looked at again.</param>
internal sealed record Sale(Versions<PaddleTransaction> Versions, ImmutableHashSet<string> Known, DateTimeOffset? DecidedUntil)
{
    public static readonly Decider<Sale, RevenueHappened> Decider = new(new(Versions<PaddleTransaction>.None, [], DecidedUntil: null), Evolve);

    public static readonly VersionRules<PaddleTransaction> Rules = new(
        SaleContent.SameAmounts, t => t.Payout is not null, SaleContent.SameSettlement, MayChange: true);

    /// <summary>What a version of it that was seen comes to.</summary>
    public static Decision<RevenueHappened> Decide(Sale sale, PaddleTransaction seen, SeenAt at)
    {
        var sight = SightOf(seen, at);
        if (sale.Known.Contains(sight.Version) || sight.UpdatedAt <= sale.DecidedUntil) return Decision.Nothing<RevenueHappened>();
        return Between(seen.Id, sale.Versions, sale.Versions.With(sight, Rules)).ToArray();
    }

    public static Sight<PaddleTransaction> SightOf(PaddleTransaction seen, SeenAt at) =>
        new(seen, at, seen.Status, RankOf(seen.Status, at.Included), seen.UpdatedAt, SaleContent.WhatDoesNotAddUp(seen));

    /// <summary>What happens when what is remembered becomes something else.</summary>
    internal static IEnumerable<RevenueHappened> Between(string id, Versions<PaddleTransaction> before, Versions<PaddleTransaction> after)
    {
        if (after.Current is { } now && (now.Version != before.Current?.Version || after.Settled?.Version != before.Settled?.Version))
            foreach (var happened in Counted(before, after, now)) yield return happened;
        foreach (var (reason, version) in after.Open.Where(o => before.Open.GetValueOrDefault(o.Key)?.Version != o.Value.Version))
        {
            // What counted until now is remembered in two parts.
            var isWhole = version.Version != before.Current?.Version || version.Version != before.Settled?.Version;
            yield return new TransactionContradicted(
                reason, isWhole ? version.Body : SaleContent.SettledAs(version.Body, before.Settled!.Body), version.Seen);
        }
        foreach (var (reason, version) in before.Open.Where(o => after.Open.GetValueOrDefault(o.Key)?.Version != o.Value.Version))
            yield return new ContradictionClosed(id, reason, version.Version, Contradictions.Superseded, Note: null);
    }

    private static IEnumerable<RevenueHappened> Counted(
        Versions<PaddleTransaction> before, Versions<PaddleTransaction> after, Sight<PaddleTransaction> now)
    {
        var isNewlySettled = before.Settled is null && after.Settled is not null;
        var known = isNewlySettled ? null : after.Settled;
        if (before.Current is not { } was)
            yield return new TransactionRecorded(SaleContent.Unsettled(now.Body), now.Seen);
        else if (IsSeenAgain(before, after, was, now))
            yield return new TransactionSeenAgain(now.Body.Id, now.UpdatedAt, now.Seen);
        else if (!isNewlySettled || !SaleContent.SaysTheSame(was.Body, now.Body))
            yield return new TransactionRevised(
                SaleContent.SettledAs(now.Body, known?.Body), known is null ? null : new(known.Status, known.UpdatedAt, known.Seen),
                SaleContent.Delta(SaleContent.SettledAs(was.Body, before.Settled?.Body), SaleContent.SettledAs(now.Body, known?.Body)), now.Seen);
        if (isNewlySettled) yield return Settling(after.Settled!);
    }

    // Nothing but the time is another, in what counts and in what settles it.
    private static bool IsSeenAgain(
        Versions<PaddleTransaction> before, Versions<PaddleTransaction> after, Sight<PaddleTransaction> was, Sight<PaddleTransaction> now) =>
        was.Status == now.Status && SaleContent.SaysTheSame(was.Body, now.Body)
        && (before.Settled is null ? after.Settled is null
            : after.Settled?.Version == now.Version && SaleContent.SameSettlement(before.Settled.Body, after.Settled.Body));

    private static TransactionSettled Settling(Sight<PaddleTransaction> by) =>
        new(by.Body.Id, by.Status, by.UpdatedAt, new(by.Body.Fee, by.Body.Earnings, by.Body.Payout!), by.Seen);

    private static Sale Evolve(Sale sale, RevenueHappened happened) => happened switch
    {
        TransactionRecorded e => sale.Knowing(e.Seen, e.Transaction.UpdatedAt, sale.Versions with { Current = Counting(e.Transaction, e.Seen) }),
        TransactionSettled e => sale.Knowing(e.Seen, e.UpdatedAt, AsSettled(sale.Versions, e)),
        TransactionSeenAgain e => sale.Knowing(e.Seen, e.UpdatedAt, SeenAgain(sale.Versions, e)),
        TransactionRevised e => sale.Knowing(e.Seen, e.Transaction.UpdatedAt, sale.Versions with
        {
            Current = Counting(SaleContent.Unsettled(e.Transaction), e.Seen),
            Settled = e.SettledBy is { } by ? Counting(e.Transaction with { Status = by.Status, UpdatedAt = by.UpdatedAt }, by.Seen) : null,
        }),
        TransactionContradicted e => sale.Knowing(e.Seen, e.Transaction.UpdatedAt, sale.Versions.Opened(e.Reason, SightOf(e.Transaction, e.Seen))),
        ContradictionClosed e => sale with
        {
            Versions = sale.Versions.Closed(e.Reason, e.Version),
            DecidedUntil = e.How == Contradictions.Superseded ? sale.DecidedUntil : sale.Versions.Latest(sale.DecidedUntil),
        },
        _ => sale,
    };

    private static Versions<PaddleTransaction> AsSettled(Versions<PaddleTransaction> versions, TransactionSettled e)
    {
        var body = versions.Current!.Body with { Status = e.Status, UpdatedAt = e.UpdatedAt };
        var settled = Counting(body with { Fee = e.Settlement.Fee, Earnings = e.Settlement.Earnings, Payout = e.Settlement.Payout }, e.Seen);
        // What settled it may have been an older version than the one that counts.
        return versions with { Settled = settled, Current = Sight.Order(settled, versions.Current) > 0 ? Counting(body, e.Seen) : versions.Current };
    }

    private static Versions<PaddleTransaction> SeenAgain(Versions<PaddleTransaction> versions, TransactionSeenAgain e)
    {
        var body = versions.Current!.Body with { UpdatedAt = e.UpdatedAt };
        return versions with
        {
            Current = Counting(body, e.Seen),
            Settled = versions.Settled is { } settled ? Counting(SaleContent.SettledAs(body, settled.Body), e.Seen) : null,
        };
    }

    // Whatever the log counts is sound: a rule or a person said so.
    private static Sight<PaddleTransaction> Counting(PaddleTransaction body, SeenAt seen) => SightOf(body, seen) with { Unsound = null };

    private Sale Knowing(SeenAt seen, DateTimeOffset updatedAt, Versions<PaddleTransaction> versions) =>
        this with { Versions = versions, Known = Known.Add(Sight.VersionOf(seen, updatedAt)) };

    // A status nobody here knows is money only if a person said so.
    private static int RankOf(string status, bool isIncluded) => status switch
    {
        "draft" => 0,
        "ready" => 1,
        "billed" => 2,
        "past_due" or "canceled" => Sight.Unpaid,
        "paid" => Sight.Unpaid + 1,
        "completed" => Sight.Unpaid + 2,
        _ => isIncluded ? Sight.Unpaid + 1 : 0,
    };
}
