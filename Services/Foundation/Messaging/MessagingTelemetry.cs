using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Allocora.Messaging;

internal static class MessagingTelemetry
{
    public const string Name = "Allocora.Messaging";
    public static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    public static readonly Counter<long> Consumed = Meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}");
    public static readonly Histogram<double> ProcessDuration = Meter.CreateHistogram<double>("messaging.process.duration", "s");
    public static readonly Counter<long> Duplicates = Meter.CreateCounter<long>("allocora.consumer.duplicates", "{message}");
    public static readonly Counter<long> DeadLettered = Meter.CreateCounter<long>("allocora.consumer.dead_lettered", "{message}");

    /// <summary>What was last read about the open dead letters of each consumer here.</summary>
    public static readonly ConcurrentDictionary<string, IReadOnlyList<OpenDeadLetters>> Open = new();

#pragma warning disable IDE0052 // an instrument that is observed lives by its meter
    private static readonly ObservableGauge<long> OpenCount = Meter.CreateObservableGauge("allocora.dead_letters.open", () =>
        Open.SelectMany(o => o.Value.Select(r => new Measurement<long>(r.Count, Of(o.Key), new("allocora.reason", r.ReasonCode)))), "{message}");

    private static readonly ObservableGauge<double> OldestAge = Meter.CreateObservableGauge("allocora.dead_letters.oldest_age", () =>
        Open.Select(o => new Measurement<double>(o.Value.Select(r => r.OldestAge).DefaultIfEmpty().Max().TotalSeconds, Of(o.Key))), "s");
#pragma warning restore IDE0052

    public static KeyValuePair<string, object?> Of(string consumer) => new("messaging.consumer.group.name", consumer);
}

internal sealed record OpenDeadLetters(string ReasonCode, long Count, TimeSpan OldestAge);
