using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Events;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>What is sent as a webhook comes in the order in which it happened, whether history or somebody's call made it.</summary>
public sealed class Events_are_taken_in_order
{
    [Fact]
    public async Task History_and_what_was_told_are_one_row()
    {
        await using var sandbox = await Running.With("--now", "2026-11-01T00:00:00Z");
        var account = sandbox.Sandbox.Account;
        var history = new MadeUpHistory(("2026-11-03T00:00:00Z", "a"), ("2026-11-03T02:00:00Z", "c"), ("2026-11-03T05:00:00Z", "e"));
        var log = new EventLog(account, [history]);
        log.Follow(account.Clock.Now);
        foreach (var (at, type) in new[] { ("2026-11-03T01:00:00Z", "b"), ("2026-11-03T02:00:00Z", "d"), ("2026-11-03T06:00:00Z", "f") })
            log.Tell(type, new JsonObject(), Instants.Parse(at)!.Value);

        var taken = new List<string>();
        while (log.Take(Instants.Parse("2026-11-04")!.Value) is { } next) taken.Add(next.Type);

        Assert.Equal(["a", "b", "c", "d", "e", "f"], taken);
    }
}
