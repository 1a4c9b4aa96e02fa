using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Allocora.Connector;

/// <summary>One way of finding things. A run goes through its lanes in order, each from its beginning to its end.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Lane>))]
internal enum Lane
{
    /// <summary>Paddle's own list of what happened: which adjustments to look at again, which payouts there were.</summary>
    Events,

    /// <summary>The payouts of the last months, which nothing but events tells.</summary>
    PastPayouts,

    /// <summary>Transactions updated since the window began, or all.</summary>
    Transactions,

    /// <summary>Adjustments made since the last run, by their ids, which grow.</summary>
    NewAdjustments,

    /// <summary>Adjustments whose status was not their last one when they were seen.</summary>
    OpenAdjustments,

    /// <summary>What events named.</summary>
    HintedAdjustments,

    /// <summary>Both ends of the list of reversed adjustments, to see whether it has changed.</summary>
    NewestReversed,
    OldestReversed,

    /// <summary>The whole list of reversed ones.</summary>
    AllReversed,

    /// <summary>All adjustments there are.</summary>
    AllAdjustments,

    /// <summary>All adjustments of transactions in which something was reversed.</summary>
    AdjustmentsOfReversals,

    /// <summary>Transactions that adjustments wait for, or that were adjusted since they were seen.</summary>
    AwaitedTransactions,

    Products,
    Prices,
}

/// <summary>Where a source stood when its last run ended.</summary>
internal sealed record SourceMarks(
    DateTimeOffset? TransactionsSince, string? EventsAfter, DateTimeOffset? SweptAt, string? SweepMark, string? NewestAdjustment);

/// <summary>What a page brought that decides how the run goes on.</summary>
/// <param name="At">By Paddle's clock.</param>
/// <param name="Ids">Of the page's rows, in its order.</param>
/// <param name="Reversals">Transactions in which the page newly showed that something was reversed.</param>
/// <param name="Hinted">Adjustments that events named.</param>
internal sealed record PageYield(
    DateTimeOffset At, string? NextAfter, IReadOnlyList<string> Ids, long? EstimatedTotal, IReadOnlyList<string> Reversals, IReadOnlyList<string> Hinted,
    bool NamesProducts);

/// <summary>What a run has still to do. It is kept with each page, so that whoever takes the run over goes on where the last page ended.</summary>
/// <param name="Since">Where the window of transactions begins; null for all there are.</param>
/// <param name="StartedAt">Paddle's clock when the run began, from its first answer.</param>
/// <param name="Lanes">What is left; the first is the one being read.</param>
/// <param name="After">Within that lane.</param>
/// <param name="Probe">The ids at one end of the list of reversed adjustments, until the other end is seen.</param>
internal sealed record RunPlan(
    bool IsFull, DateTimeOffset? Since, DateTimeOffset? StartedAt, IReadOnlyList<Lane> Lanes, string? After, string? NewestAdjustment, string? EventsAfter,
    bool Sweeps, string? KnownMark, string? Mark, string? Probe, IReadOnlyList<string> Hinted, IReadOnlyList<string> Reversals)
{
    /// <summary>More than so many single look-ups cost more than reading everything.</summary>
    private const int NamedMax = 2000;

    [JsonIgnore]
    public Lane? Now => Lanes.Count == 0 ? null : Lanes[0];

    /// <param name="lacks">Permissions the key does not have.</param>
    /// <param name="sweepIsDue">It is time to read all adjustments and the catalogue again.</param>
    public static RunPlan Begin(bool isFull, SourceMarks marks, IReadOnlyList<string> lacks, bool sweepIsDue)
    {
        var sweeps = isFull || sweepIsDue || marks.SweptAt is null;
        List<Lane> lanes = [Lane.Events, Lane.Products, Lane.Prices, Lane.Transactions];
        lanes.AddRange(sweeps
            ? [Lane.NewestReversed, Lane.OldestReversed, Lane.AllAdjustments]
            : [Lane.NewAdjustments, Lane.OpenAdjustments, Lane.HintedAdjustments, Lane.NewestReversed, Lane.OldestReversed, Lane.AdjustmentsOfReversals]);
        lanes.Add(Lane.AwaitedTransactions);
        if (!sweeps) lanes.RemoveAll(lane => lane is Lane.Products or Lane.Prices); // an event may bring them back
        if (marks.EventsAfter is null || isFull) lanes.Insert(1, Lane.PastPayouts);
        if (lacks.Contains("notification.read")) lanes.RemoveAll(lane => lane is Lane.Events or Lane.PastPayouts);
        return new(
            isFull, isFull ? null : marks.TransactionsSince, null, lanes, null, marks.NewestAdjustment, marks.EventsAfter, sweeps, marks.SweepMark, null, null,
            [], []);
    }

    /// <summary>Reading goes on after a page.</summary>
    /// <param name="named">The ids the request named, in lanes that name them.</param>
    public RunPlan Next(PageYield page, IReadOnlyList<string> named)
    {
        var plan = this with
        {
            StartedAt = StartedAt ?? page.At,
            // Who reads all of them anyway has nothing to look up.
            Hinted = Sweeps ? Hinted : Named(Hinted, page.Hinted),
            Reversals = Sweeps ? Reversals : Named(Reversals, page.Reversals),
            After = page.NextAfter,
        };
        if (page.NamesProducts && !plan.Lanes.Contains(Lane.Products)) plan = plan with { Lanes = [.. plan.Lanes, Lane.Products, Lane.Prices] };
        plan = Now switch
        {
            // The first time only the place of the last one is looked up.
            Lane.Events => plan with { EventsAfter = page.Ids.Count > 0 ? page.Ids[^1] : EventsAfter, After = EventsAfter is null ? null : plan.After },
            Lane.NewestReversed => plan with { Probe = $"{page.EstimatedTotal} {string.Join(' ', page.Ids)}", After = null },
            Lane.OldestReversed => plan.Compare($"{Probe} {string.Join(' ', page.Ids)}") with { After = null },
            Lane.OpenAdjustments or Lane.AwaitedTransactions => plan with { After = named[^1] }, // there may be more behind these
            Lane.HintedAdjustments when plan.After is null => plan with { Hinted = [.. plan.Hinted.Except(named)] },
            Lane.AdjustmentsOfReversals when plan.After is null => plan with { Reversals = [.. plan.Reversals.Except(named)] },
            _ => plan,
        };
        var goesOn = plan.After is not null
            || (Now == Lane.HintedAdjustments && plan.Hinted.Count > 0) || (Now == Lane.AdjustmentsOfReversals && plan.Reversals.Count > 0);
        return goesOn ? plan.Bounded() : plan.LaneDone();
    }

    /// <summary>The lane has nothing (more) to read.</summary>
    public RunPlan LaneDone() => (this with { Lanes = [.. Lanes.Skip(1)], After = null }).Bounded();

    private RunPlan Compare(string edges)
    {
        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(edges)));
        // In a sweep all are read anyway.
        var hasChanged = mark != KnownMark && !Sweeps;
        return this with { Mark = mark, Lanes = hasChanged ? [Lanes[0], Lane.AllReversed, .. Lanes.Skip(1)] : Lanes };
    }

    private RunPlan Bounded()
    {
        if (Hinted.Count + Reversals.Count <= NamedMax || Lanes.Contains(Lane.AllAdjustments)) return this;
        Lane[] lanes =
            [.. Lanes.Where(lane => lane is not (Lane.HintedAdjustments or Lane.AdjustmentsOfReversals or Lane.AwaitedTransactions)), Lane.AllAdjustments,
                Lane.AwaitedTransactions];
        return this with { Hinted = [], Reversals = [], Sweeps = true, Lanes = lanes, After = lanes[0] == Now ? After : null };
    }

    private static IReadOnlyList<string> Named(IReadOnlyList<string> before, IReadOnlyList<string> now) => now.Count == 0 ? before : [.. before.Union(now)];

    public static RunPlan Read(string json) => JsonSerializer.Deserialize<RunPlan>(json)!;

    public string Write() => JsonSerializer.Serialize(this);
}
