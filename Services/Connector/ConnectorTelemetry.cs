using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Allocora.Connector;

/// <summary>The spans and figures of the Connector. Ids are in spans, never in figures; amounts and keys in neither.</summary>
internal static class ConnectorTelemetry
{
    public const string Name = "Allocora.Connector";
    public static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    public static readonly Histogram<double> LimiterWait =
        Meter.CreateHistogram<double>("allocora.paddle.limiter.wait", "s", "From wanting to call Paddle to being allowed to.");

    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>("allocora.paddle.throttled", "{response}", "Paddle answered 429.");

    /// <summary>Keys that were not taken, or are good no more, by why.</summary>
    public static readonly Counter<long> CredentialFailures = Meter.CreateCounter<long>("allocora.credential.failures", "{failure}");

    /// <summary>Adjustments that nothing but Paddle's report of them showed.</summary>
    public static readonly Counter<long> ReportFound = Meter.CreateCounter<long>("allocora.sync.report.found", "{record}");

    private static readonly Counter<long> Records = Meter.CreateCounter<long>("allocora.sync.records", "{record}");

    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram("allocora.sync.run.duration", "s", null, null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 15, 60, 300, 900, 3600, 7200, 14400] });

    /// <summary>What was last read of the whole service, by who reads it here.</summary>
    public static readonly ConcurrentDictionary<Figures, FiguresRead> Figures = new();

#pragma warning disable IDE0052 // an instrument that is observed lives by its meter
    private static readonly ObservableGauge<double> Freshness = Meter.CreateObservableGauge("allocora.sync.freshness", () =>
        Figures.Values.Select(read => read.Freshness).OfType<TimeSpan>().Select(age => new Measurement<double>(
            age.TotalSeconds, new KeyValuePair<string, object?>("allocora.stream", "transactions"))), "s");

    private static readonly ObservableGauge<long> ToReview = Meter.CreateObservableGauge("allocora.sync.review.pending", () =>
        Figures.Values.SelectMany(read => read.ToReview.Select(r => new Measurement<long>(
            r.Value, new KeyValuePair<string, object?>("allocora.skip.reason", r.Key)))), "{record}");

    private static readonly ObservableGauge<long> Untold = Meter.CreateObservableGauge("allocora.outbox.pending", () =>
        Figures.Values.Select(read => new Measurement<long>(read.Untold)), "{message}");

    private static readonly ObservableGauge<double> OldestUntold = Meter.CreateObservableGauge("allocora.outbox.oldest_age", () =>
        Figures.Values.Select(read => new Measurement<double>(read.OldestUntold.TotalSeconds)), "s");
#pragma warning restore IDE0052

    private static readonly UpDownCounter<long> Active = Meter.CreateUpDownCounter<long>("allocora.sync.run.active", "{run}");
    private static readonly Counter<long> Errors = Meter.CreateCounter<long>("allocora.sync.run.errors", "{error}");

    /// <summary>A run begins, or is taken up again.</summary>
    public static Activity? StartRun(SyncRun run)
    {
        Active.Add(1, new TagList { { "allocora.source.provider", "paddle" }, { "allocora.sync.mode", run.Mode } });
        var span = Activities.StartActivity("sync.run start");
        span?.SetTag("allocora.run.id", run.Id).SetTag("allocora.sync.mode", run.Mode).SetTag("allocora.source.provider", "paddle");
        return span;
    }

    /// <param name="result">success, success_with_review, failure, cancelled, paused or waiting.</param>
    public static void EndRun(SyncRun run, string result, string? error, TimeSpan took)
    {
        Active.Add(-1, new TagList { { "allocora.source.provider", "paddle" }, { "allocora.sync.mode", run.Mode } });
        if (error is not null) Errors.Add(1, new TagList { { "allocora.source.provider", "paddle" }, { "error.type", error } });
        if (result is "waiting" or "paused") return;
        RunDuration.Record(took.TotalSeconds, new TagList
        {
            { "allocora.source.provider", "paddle" }, { "allocora.sync.mode", run.Mode }, { "allocora.run.result", result },
        });
    }

    /// <summary>A page is a trace of its own, so that a long run is not one endless trace; it knows the run it is of.</summary>
    public static Activity? StartPage(Lane lane, string run, Activity? of)
    {
        ActivityLink[] links = of is null ? [] : [new(of.Context)];
        Activity.Current = null;
        var span = Activities.StartActivity(ActivityKind.Internal, default, tags: null, links, name: $"sync.page {Words.Of(lane)}");
        span?.SetTag("allocora.run.id", run).SetTag("allocora.stream", Words.Of(lane));
        return span;
    }

    public static void Count(RowKind kind, JudgedPage page)
    {
        var accepted = 0;
        foreach (var one in page.Rows.GroupBy(r => (r.Judgement.Outcome, Reason: r.Judgement.Skip?.Reason)))
        {
            if (one.Key.Outcome == RowOutcome.Accepted) accepted = one.Count();
            Records.Add(one.Count(), new TagList
            {
                { "allocora.stream", Words.Of(kind) }, { "allocora.outcome", Words.Of(one.Key.Outcome) }, { "allocora.skip.reason", one.Key.Reason ?? "none" },
            });
        }
        Activity.Current?.SetTag("allocora.page.rows", page.Rows.Count).SetTag("allocora.page.accepted", accepted)
            .SetTag("allocora.page.skipped", page.Rows.Count(r => r.Judgement.Outcome == RowOutcome.Skipped));
    }
}
