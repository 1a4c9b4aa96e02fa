using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>From Paddle's pages to messages, against the sandbox's own account of what there is.</summary>
public sealed class Syncing_a_source
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, TestSize.IsFull ? 10 : 2).Select(_ => Random.Shared.Next(1, int.MaxValue))];

    [Theory, MemberData(nameof(Seeds))]
    public async Task Sums_are_Paddles_to_the_cent_and_a_second_full_sync_brings_nothing(int seed)
    {
        await using var source = await SyncedSource.Connect("--transactions", $"{TestSize.Of(20_000, 1_000)}", "--seed", $"{seed}");
        var first = await source.Sync("full");
        Assert.Equal("succeeded", first.State);
        Assert.Equal(first.Rows, first.Outcomes.Values.Sum());
        Assert.Equal(0, first.Outcomes.GetValueOrDefault("invalid") + first.Outcomes.GetValueOrDefault("conflict"));

        await Arrived(source, first.Outcomes["accepted"] + first.Released);
        await Truth.Equals(source.Connector.Control, source.Queue);

        var second = await source.Sync("full");
        Assert.Equal(("succeeded", 0L, first.Rows), (second.State, second.Outcomes.GetValueOrDefault("accepted"), second.Rows));
        Assert.Equal(second.Rows, second.Outcomes["duplicate"]);
    }

    [Fact]
    public async Task A_normal_sync_brings_exactly_what_has_changed_also_the_reversal_of_an_old_adjustment()
    {
        await using var source = await SyncedSource.Connect("--transactions", $"{TestSize.Of(20_000, 1_500)}", "--seed", "11");
        await source.Sync("full");
        var before = await Counting(source);
        var old = (await Truth.Rows(source.Connector.Control, "/truth/adjustments"))
            .First(a => (string)a["action"]! == "chargeback" && (string)a["status"]! == "approved");
        Assert.True(string.CompareOrdinal((string)old["updated_at"]!, "2026-06-01") < 0); // months ago

        // A few hours, so that no sweep of everything is due.
        await source.Paddle("POST", "/clock", new JsonObject { ["advance"] = "PT9H" });
        await source.Paddle("POST", $"/objects/{old["id"]}/reverse");
        await source.Paddle("POST", "/clock", new JsonObject { ["frozen"] = true });
        var after = await Counting(source);
        var run = await source.Sync();

        Assert.Equal("succeeded", run.State);
        var changed = after.Where(a => before.GetValueOrDefault(a.Key) != a.Value).Select(a => a.Key).Order(StringComparer.Ordinal).ToList();
        var accepted = (await source.Rows(run.Id, "accepted")).Select(r => r.ProviderId!).Order(StringComparer.Ordinal).ToList();
        Assert.Contains((string)old["id"]!, changed);
        Assert.Equal(changed, accepted);
        Assert.False(run.Found.ContainsKey("all-adjustments"));

        var nothing = await source.Sync();
        Assert.Equal(("succeeded", 0L), (nothing.State, nothing.Outcomes.GetValueOrDefault("accepted")));
    }

    private static Task<int> Arrived(SyncedSource source, long told) => Eventually.Sees(
        () => source.Queue.Named(PaddleTransactionSeen.Name).Count() + source.Queue.Named(PaddleAdjustmentSeen.Name).Count(), count => count >= told);

    /// <summary>What counts as money, by id: what a version of it is worth and how it stands.</summary>
    private static async Task<Dictionary<string, string>> Counting(SyncedSource source) =>
        (await Truth.Rows(source.Connector.Control, "/truth/transactions"))
        .Where(t => (string)t["status"]! is "paid" or "completed" && (string)t["total"]! != "0")
        .Concat((await Truth.Rows(source.Connector.Control, "/truth/adjustments")).Where(a => (string)a["status"]! is "approved" or "reversed"))
        .ToDictionary(o => (string)o["id"]!, o => $"{o["status"]} {o["total"]} {o["fee"]} {o["earnings"]} {o["updated_at"]}");
}
