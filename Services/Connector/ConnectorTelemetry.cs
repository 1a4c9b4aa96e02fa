using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Allocora.Connector;

/// <summary>What the Connector tells about its work, beside what its log and its tables say.</summary>
internal static class ConnectorTelemetry
{
    public const string Name = "Allocora.Connector";

    public static readonly ActivitySource Activities = new(Name);

    private static readonly Meter Meter = new(Name);

    public static readonly Histogram<double> LimiterWait =
        Meter.CreateHistogram<double>("allocora.paddle.limiter.wait", "s", "From wanting to call Paddle to being allowed to.");

    public static readonly Counter<long> Throttled = Meter.CreateCounter<long>("allocora.paddle.throttled", "{call}", "Paddle answered 429.");

    /// <summary>Keys that were not taken, or are good no more, by why.</summary>
    public static readonly Counter<long> CredentialFailures = Meter.CreateCounter<long>("allocora.credential.failures", "{failure}");
}
