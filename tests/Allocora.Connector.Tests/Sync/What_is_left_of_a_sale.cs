using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;

namespace Allocora.Connector.Tests;

/// <summary>What Paddle says is left of a sale is told whenever it changes, though Paddle does not show the sale as updated.</summary>
public sealed class What_is_left_of_a_sale
{
    [Fact]
    public async Task It_is_told_when_an_adjustment_counts_and_when_that_is_taken_back_each_in_the_run_that_finds_it()
    {
        await using var source = await SyncedSource.Connect("--transactions", "60", "--seed", "3");
        await source.Sync("full");
        var sale = source.Queue.Named(PaddleTransactionSeen.Name).Select(m => m.Json["transaction"]!)
            .Where(t => (string)t["status"]! == "completed" && Amount(t["adjustedTotal"]) == Amount(t["totals"]!["total"]))
            .MinBy(t => (string)t["updatedAt"]!)!;
        var (id, total) = ((string)sale["id"]!, Amount(sale["totals"]!["total"]));

        var taken = await source.Paddle("POST", $"/objects/{id}/charge-back");
        var run = await source.Sync();
        Assert.Contains(await source.Rows(run.Id, "duplicate"), row => row.Lane == "awaited-transactions" && row.ProviderId == id);
        Assert.False(run.Found.ContainsKey("awaited-transactions")); // it is no news
        Assert.Equal([total, "0"], Lefts(source, id));

        await source.Paddle("POST", $"/objects/{taken["id"]}/reverse");
        await source.Sync();
        Assert.Equal([total, "0", total], Lefts(source, id));

        // Who has looked does not look again, and what has not changed is not told.
        var calm = await source.Sync();
        Assert.DoesNotContain(await source.Rows(calm.Id), row => row.Lane == "awaited-transactions");
        await source.Sync("full");
        Assert.Equal([total, "0", total], Lefts(source, id));
    }

    [Fact]
    public async Task A_sale_that_was_seen_after_its_adjustments_is_not_looked_up()
    {
        await using var source = await SyncedSource.Connect("--transactions", "300", "--seed", "5");
        var run = await source.Sync("full");
        Assert.True((await source.Rows(run.Id, "accepted")).Count(row => row.Kind == "adjustment") > 3);
        Assert.DoesNotContain(await source.Rows(run.Id), row => row.Lane == "awaited-transactions");
    }

    private static List<string> Lefts(SyncedSource source, string sale) =>
        [.. source.Queue.Named(PaddleTransactionSeen.Name).Select(m => m.Json["transaction"]!)
            .Where(t => (string)t["id"]! == sale).Select(t => Amount(t["adjustedTotal"]))];

    private static string Amount(JsonNode? money) => (string)money!["amount"]!;
}
