using System.Globalization;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>How the status page says what is known.</summary>
internal static class StatusWords
{
    public static string Summary(SystemStatus status, bool isStale)
    {
        var all = status.Services.Count;
        var notReady = status.Services.Count(s => s.State != Readiness.Ready);
        return (notReady, isStale) switch
        {
            (0, false) => $"All {all} services are ready.",
            (0, true) => $"When last asked, all {all} services were ready.",
            (1, false) => $"1 of {all} services is not ready.",
            (1, true) => $"When last asked, 1 of {all} services was not ready.",
            (_, false) => $"{notReady} of {all} services are not ready.",
            (_, true) => $"When last asked, {notReady} of {all} services were not ready.",
        };
    }

    public static string State(string state) => state switch
    {
        Readiness.Ready => "Ready",
        Readiness.Draining => "Draining",
        ServiceAnswer.Unreachable => "Unreachable",
        _ => "Not ready",
    };

    /// <summary>What stands where the dependencies would, when a service has told none.</summary>
    public static string NoDependencies(string state) => state switch
    {
        Readiness.Draining => "It is stopping and takes no new work.",
        ServiceAnswer.Unreachable => "Not known while it does not answer.",
        _ => "Nothing but itself.",
    };

    public static string Dependency(DependencyStatus dependency) => dependency switch
    {
        { Ok: true } => "ok",
        { Detail: { } detail } => detail,
        _ => "does not answer",
    };

    public static bool IsStale(DateTimeOffset asOf, DateTimeOffset now, TimeSpan staleAfter) => now - asOf > staleAfter;

    public static string Absolute(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    public static string Machine(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // Another machine's clock may run ahead of ours; nothing is ever said to happen in the future.
    public static string Relative(DateTimeOffset moment, DateTimeOffset now) => (now - moment) switch
    {
        { Ticks: < TimeSpan.TicksPerSecond } => "just now",
        { Ticks: < TimeSpan.TicksPerMinute } age => $"{age.Seconds} s ago",
        { Ticks: < TimeSpan.TicksPerHour } age => $"{age.Minutes} min ago",
        { Ticks: < TimeSpan.TicksPerDay } age => $"{age.Hours} h ago",
        { Days: 1 } => "1 day ago",
        var age => $"{age.Days} days ago",
    };
}
