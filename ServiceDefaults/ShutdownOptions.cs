using System.ComponentModel.DataAnnotations;

namespace Allocora.ServiceDefaults;

/// <summary>How long a service may finish what it has begun once it is asked to stop.</summary>
public sealed class ShutdownOptions
{
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}
