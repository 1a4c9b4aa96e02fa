using System.Collections.Concurrent;
using System.Net;

namespace Allocora.PaddleSandbox.Api;

/// <summary>Paddle's limit of calls a minute for an address, over all its keys; previews have one of their own.</summary>
internal sealed class RateLimit(bool isEnabled, TimeProvider time)
{
    private const int OfPreviews = 1_000;

    private readonly ConcurrentDictionary<(IPAddress Address, bool IsPreview), RateWindow> windows = new();
    private readonly ConcurrentDictionary<IPAddress, long> waits = new();

    public bool IsEnabled { get; private set; } = isEnabled;

    public int PerMinute { get; private set; } = 240;

    /// <summary>Changes it; every address starts anew.</summary>
    public void Set(bool isEnabled, int perMinute)
    {
        (IsEnabled, PerMinute) = (isEnabled, perMinute);
        windows.Clear();
    }

    /// <summary>Counts a call of the API: null when it may be made, or in how many seconds.</summary>
    public int? Refuses(IPAddress address, bool isPreview) => IsEnabled
        ? windows.GetOrAdd((address, isPreview), key => new RateWindow(key.IsPreview ? OfPreviews : PerMinute, time)).Refuses()
        : null;

    /// <summary>The address was told to wait.</summary>
    public void Told(IPAddress address, int seconds) => waits[address] = time.GetTimestamp() + (seconds * time.TimestampFrequency);

    /// <summary>Whether the address was told to wait longer than until now.</summary>
    public bool HasToWait(IPAddress address) => waits.TryGetValue(address, out var until) && time.GetTimestamp() < until;
}
