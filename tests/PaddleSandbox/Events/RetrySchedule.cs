namespace Allocora.PaddleSandbox.Events;

/// <summary>How long is waited before a webhook is tried again: longer every time, until it is given up.</summary>
internal sealed class RetrySchedule(bool isLive, int pace)
{
    // Live: 20 in the first hour, 47 in the first day, 60 in three days. The sandbox of Paddle: 3 within 15 minutes.
    private static readonly long[] Live =
    [
        .. Growing(20, 10_000, 3_600_000), .. Growing(27, 360_000, 23 * 3_600_000), .. Growing(13, 6_000_000, 48 * 3_600_000),
    ];

    private static readonly long[] Sandbox = [60_000, 240_000, 600_000];

    private readonly long[] pauses = isLive ? Live : Sandbox;

    /// <summary>The pause after so many attempts; null when there was the last.</summary>
    public TimeSpan? After(int attempts) => attempts <= pauses.Length ? TimeSpan.FromMicroseconds(pauses[attempts - 1] * 1_000 / pace) : null;

    private static IEnumerable<long> Growing(int count, long first, long span)
    {
        var step = (span - (count * first)) / (count * (count - 1) / 2);
        for (var at = 0; at < count; at++) yield return first + (at * step);
    }
}
