using System.Diagnostics.Metrics;

namespace Allocora.Messaging;

/// <summary>What publishing tells: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-metrics/ where it has a name for it.</summary>
internal static class PublishingTelemetry
{
    public static readonly Meter Meter = new("Allocora.Messaging");

    public static readonly Counter<long> Sent = Meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Confirmed by the broker.");

    public static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("messaging.client.operation.duration", "s", "From handing over a page to its last confirm.");

    public static readonly UpDownCounter<long> Unconfirmed =
        Meter.CreateUpDownCounter<long>("allocora.outbox.unconfirmed", "{message}", "Handed over and not yet confirmed.");

    public static readonly Counter<long> Unroutable =
        Meter.CreateCounter<long>("allocora.outbox.unroutable", "{message}", "Nobody had a queue for it.");

    public static readonly Counter<long> Repeated =
        Meter.CreateCounter<long>("allocora.outbox.repeated", "{message}", "Refused, or not confirmed before the channel was gone.");

    public static readonly Gauge<long> Lag = Meter.CreateGauge<long>("allocora.outbox.pending", "{event}", "Between a relay's position and the head.");

    public static KeyValuePair<string, object?> Where(string exchange) => new("messaging.destination.name", exchange);

    public static readonly KeyValuePair<string, object?> System = new("messaging.system", "rabbitmq");
}
