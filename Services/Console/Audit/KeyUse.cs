namespace Allocora.Console;

/// <summary>Knows which keys were used from where within this hour, so that it is said once.</summary>
internal sealed class KeyUse(TimeProvider time)
{
    private const int Max = 10_000;
    private readonly Lock looking = new();
    private readonly HashSet<(string Workspace, string Key, string? Ip)> seen = [];
    private long hour;

    /// <summary>Whether this is the first use in the hour.</summary>
    public bool IsNews(string workspace, string key, string? ip)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds() / 3600;
        lock (looking)
        {
            // When there are more than can be kept in mind, to say it twice is better than not at all.
            if (now != hour || seen.Count >= Max) seen.Clear();
            hour = now;
            return seen.Add((workspace, key, ip));
        }
    }
}
