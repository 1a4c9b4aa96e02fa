using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Allocora.Ledger;

/// <summary>What the Ledger measures of itself.</summary>
internal static class LedgerTelemetry
{
    public const string Name = "Allocora.Ledger";

    private static readonly Meter Meter = new(Name);
    private static readonly ConcurrentDictionary<string, long> LastFound = [];
    private static readonly Counter<long> Taken = Meter.CreateCounter<long>("allocora.ledger.messages", "{message}", "Messages taken, by what became of them");

    static LedgerTelemetry() => Meter.CreateObservableGauge(
        "allocora.ledger.invariant.violations",
        () => LastFound.Select(f => new Measurement<long>(f.Value, new KeyValuePair<string, object?>("allocora.invariant", f.Key))),
        "{object}", "What the last check of any workspace's books found that must not be");

    public static void Found(string invariant, long breaches) => LastFound[invariant] = breaches;

    public static void Count(string outcome, int messages)
    {
        if (messages > 0) Taken.Add(messages, new KeyValuePair<string, object?>("allocora.outcome", outcome));
    }
}
