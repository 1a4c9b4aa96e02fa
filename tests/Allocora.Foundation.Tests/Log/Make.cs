using Allocora.EventStore;

namespace Allocora.Foundation.Tests.Log;

/// <summary>Entries and events for whom only some of it matters.</summary>
internal static class Make
{
    private static readonly DateTimeOffset At = new(2026, 10, 31, 14, 2, 11, TimeSpan.Zero);

    public static Entry Entry(string stream, string? key = null, long? expected = null, string workspace = "ws_one", int events = 1) =>
        new(workspace, stream, key, expected, [.. Enumerable.Range(0, events).Select(i => Event($$"""{"Amount":"{{i}}"}"""))]);

    public static NewEvent Event(string data) =>
        new(Guid.CreateVersion7(), "transaction_recorded", "Allocora.Contracts.Events.TransactionRecorded, Allocora.Contracts", data, At);

    public static async Task<List<StoredEvent>> All(this EventFeed feed, long after = 0, string? workspace = null)
    {
        var found = new List<StoredEvent>();
        await foreach (var one in feed.After(after, 100_000, workspace)) found.Add(one);
        return found;
    }
}
