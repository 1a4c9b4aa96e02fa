using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Allocora.EventStore;

/// <summary>What the event store measures of itself.</summary>
internal static class EventStoreTelemetry
{
    public const string Name = "Allocora.EventStore";

    private static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);
    private static readonly Gauge<long> Backlog = Meter.CreateGauge<long>(
        "allocora.projection.backlog", "{event}", "Numbers of the log between a projection and the log's end");
    private static readonly Gauge<double> Lag = Meter.CreateGauge<double>(
        "allocora.projection.lag", "s", "Age of the first event a projection has not applied; 0 when it has applied all");
    private static readonly Gauge<long> Position = Meter.CreateGauge<long>(
        "allocora.projection.position", "{event}", "Number of the last event a projection has applied");
    private static readonly Counter<long> Errors = Meter.CreateCounter<long>(
        "allocora.projection.errors", "{error}", "How often a projection could not go on");

    public static Activity? Apply(Projection projection, IReadOnlyList<StoredEvent> page)
    {
        var activity = Activities.StartActivity($"projection.apply {projection.Name}");
        activity?.SetTag("allocora.projection", projection.Name).SetTag("allocora.projection.version", projection.Version)
            .SetTag("allocora.position", page[0].Sequence).SetTag("allocora.events.count", page.Count);
        return activity;
    }

    /// <param name="waiting">The first event after the position, if there is one and it is known.</param>
    public static void Reached(Projection projection, long position, long head, TimeSpan waiting)
    {
        var tags = Tags(projection);
        Position.Record(position, tags);
        Backlog.Record(Math.Max(head - position, 0), tags);
        Lag.Record(Math.Max(waiting.TotalSeconds, 0), tags);
    }

    public static void Failed(Projection projection, string errorType)
    {
        var tags = Tags(projection);
        tags.Add("error.type", errorType);
        Errors.Add(1, tags);
    }

    private static TagList Tags(Projection projection) =>
        new() { { "allocora.projection", projection.Name }, { "allocora.projection.version", projection.Version } };
}
