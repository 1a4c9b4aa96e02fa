using System.ComponentModel.DataAnnotations;

namespace Allocora.Console;

/// <summary>How many requests a minute are answered; a tenth of them may come at once.</summary>
public sealed class LimitOptions
{
    /// <summary>From one address, before it is known who asks.</summary>
    [Range(1, 10_000_000)] public int Address { get; init; } = 60_000;

    /// <summary>By one key or person.</summary>
    [Range(1, 10_000_000)] public int Caller { get; init; } = 12_000;

    /// <summary>In one workspace.</summary>
    [Range(1, 10_000_000)] public int Workspace { get; init; } = 30_000;

    /// <summary>Attempts to sign in, from one address.</summary>
    [Range(1, 10_000_000)] public int SignIn { get; init; } = 30;
}
