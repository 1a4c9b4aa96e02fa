using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>Sales are asked for by when they changed: none is missed, however the list is gone through.</summary>
public sealed class Asking_what_changed
{
    [Theory]
    [InlineData("no")]
    [InlineData("yes")]
    public async Task A_window_holds_what_a_walk_through_all_finds_in_it(string touches)
    {
        await using var sandbox = await Running.With(
            "--transactions", "3000", "--seed", "1", "--choice", $"adjustingTouchesTransaction={touches}");
        await sandbox.Do("POST", "/clock", new JsonObject { ["now"] = "2026-12-01T00:00:00Z", ["frozen"] = true });
        var all = await sandbox.All("/transactions?order_by=id[ASC]", one => (
            Id: (string)one["id"]!, Created: Instants.Parse((string)one["created_at"]!)!.Value, Updated: Instants.Parse((string)one["updated_at"]!)!.Value));
        Assert.Equal(3_000, all.Count);

        // Around the ends of the blocks that are passed over, and exactly when one of them changed.
        long[] limits =
        [
            .. new[] { 1_024, 2_560, 2_816 }.SelectMany(at => new[] { all[at].Created, all[at - 1].Updated }),
            .. all.Select(one => one.Updated).OrderDescending().Skip(5).Take(1), .. all.Select(one => one.Updated).Order().Skip(40).Take(1),
        ];
        foreach (var limit in limits)
        {
            Assert.Equal(all.Where(one => one.Updated >= limit).Select(one => one.Id), await Window("GTE", limit));
            Assert.Equal(all.Where(one => one.Updated <= limit).Select(one => one.Id), await Window("LTE", limit));
        }
        foreach (var changed in all.OrderByDescending(one => one.Updated).Where((_, at) => at % 20 == 0).Take(9).Select(one => one.Updated))
            Assert.Equal(all.Where(one => one.Updated >= changed).Select(one => one.Id), await Window("GTE", changed));

        Task<List<string>> Window(string comparator, long limit) =>
            sandbox.All($"/transactions?updated_at[{comparator}]={Instants.Text(limit)}&order_by=id[ASC]", one => (string)one["id"]!);
    }
}
