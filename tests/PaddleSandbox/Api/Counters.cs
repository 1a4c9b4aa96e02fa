using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Api;

/// <summary>What was called, and what callers did that they should not.</summary>
internal sealed class Counters
{
    private readonly ConcurrentDictionary<string, long> routes = new(), statuses = new(), keys = new();
    private long insideRetryAfter, overLimit;

    /// <param name="status">0 when the connection was dropped instead of answered.</param>
    public void Answered(string route, int status, string? keyId)
    {
        Add(routes, route);
        Add(statuses, status == 0 ? "dropped" : $"{status}");
        if (keyId is not null) Add(keys, keyId);
    }

    public void InsideRetryAfter() => Interlocked.Increment(ref insideRetryAfter);

    public void OverLimit() => Interlocked.Increment(ref overLimit);

    public void Clear()
    {
        foreach (var one in new[] { routes, statuses, keys }) one.Clear();
        Interlocked.Exchange(ref insideRetryAfter, 0);
        Interlocked.Exchange(ref overLimit, 0);
    }

    public JsonObject Json() => new()
    {
        ["calls"] = routes.Values.Sum(),
        ["routes"] = Sorted(routes),
        ["statuses"] = Sorted(statuses),
        ["insideRetryAfter"] = Interlocked.Read(ref insideRetryAfter),
        ["overLimit"] = Interlocked.Read(ref overLimit),
        ["keys"] = Sorted(keys),
    };

    private static void Add(ConcurrentDictionary<string, long> to, string name) => to.AddOrUpdate(name, 1, static (_, was) => was + 1);

    private static JsonObject Sorted(ConcurrentDictionary<string, long> from) =>
        new(from.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
}
