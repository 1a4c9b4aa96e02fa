using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Allocora.Connector;

internal static class ConnectorTelemetry
{
    public const string Name = "Allocora.Connector";
    public static readonly ActivitySource Activities = new(Name);
    private static readonly Meter Meter = new(Name);

    /// <summary>Keys that were not taken, or are good no more, by why.</summary>
    public static readonly Counter<long> CredentialFailures = Meter.CreateCounter<long>("allocora.credential.failures", "{failure}");
}
