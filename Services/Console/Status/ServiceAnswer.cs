using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What one round of asking a service brought: its readiness, its version, or why there is neither.</summary>
internal sealed record ServiceAnswer(Readiness? Readiness, string? Version, string Reason)
{
    public const string Unreachable = "unreachable";

    /// <summary>What is known of a service nobody has asked yet.</summary>
    public static ServiceStatus NotAsked(string name, DateTimeOffset started) => new(name, Unreachable, started, null, []);

    /// <summary>What is known of the service after this answer.</summary>
    public static ServiceStatus Merge(ServiceStatus previous, ServiceAnswer answer, DateTimeOffset now) => answer switch
    {
        { Readiness: { } said } => new(previous.Name, Known(said.State), said.Since, answer.Version ?? previous.Version,
            [.. said.Checks.Select(check => new DependencyStatus(check.Name, check.Ok, check.Ok ? null : check.Detail))]),
        // It answers, so it is there; that it cannot say whether it is ready in time is its state.
        { Version: { } version } => new(previous.Name, Readiness.NotReady, Since(previous, Readiness.NotReady, now), version,
            [new("readiness", false, answer.Reason)]),
        _ => new(previous.Name, Unreachable, Since(previous, Unreachable, now), previous.Version, []),
    };

    private static DateTimeOffset Since(ServiceStatus previous, string state, DateTimeOffset now) =>
        previous.State == state ? previous.Since : now;

    // A newer service may know more states; whatever is not one of ours is not known to be ready.
    private static string Known(string state) => state is Readiness.Ready or Readiness.Draining ? state : Readiness.NotReady;
}
