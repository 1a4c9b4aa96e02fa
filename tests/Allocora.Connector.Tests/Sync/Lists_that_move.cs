using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>While pages are read, what is on them changes. What one run misses the next one brings.</summary>
public sealed class Lists_that_move
{
    private const string List = "GET /transactions";
    private static readonly string[] Kinds = ["edit", "insert", "duplicate", "shift", "next"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, TestSize.IsFull ? 10 : 2).Select(_ => Random.Shared.Next(1, int.MaxValue))];

    [Theory, MemberData(nameof(Seeds))]
    public async Task Nothing_that_was_sold_is_missing_after_the_next_sync(int seed)
    {
        var dice = new Random(seed);
        await using var source = await SyncedSource.Connect("--transactions", "240", "--seed", $"{dice.Next(1_000)}");
        var sold = 0;
        for (var schedule = 0; schedule < TestSize.Of(200, 12) / Seeds.Count; schedule++)
        {
            // Their ids are older than all that history has: a run has passed them when they are paid.
            string[] orders = [.. Enumerable.Range(0, 4).Select(_ => Sample.Id("txn", ++sold))];
            await source.Paddle("POST", "/objects", new JsonArray([.. Enumerable.Range(sold - 3, 4).Select(n => Sample.Transaction(n, "ready"))]));
            await source.Faults([SyncedSource.Slow(10), .. Enumerable.Range(0, dice.Next(1, 5)).Select(_ => Fault(source, dice))]);
            var run = await source.Start(schedule == 0 || dice.Next(2) == 0 ? "full" : "normal");
            var pages = dice.Next(8);
            await Eventually.Sees(ct => source.Run(run, ct), now => now.Pages >= pages || now.EndedAt is not null);
            foreach (var order in orders.Take(3)) await Complete(source, order);
            var moved = await source.Over(run);
            Assert.True(moved.State == "succeeded" || moved.Error?.Code == "provider-loop", $"{moved.State} {moved.Error}");
            await Complete(source, orders[3]);
            // The clocks of most runs are hours apart.
            if (dice.Next(2) == 0) await source.Paddle("POST", "/clock", new JsonObject { ["advance"] = $"PT{dice.Next(1, 600)}M" });

            await source.Faults();
            var next = await source.Sync();
            Assert.Equal("succeeded", next.State);
            Assert.Equal(next.Rows, next.Outcomes.Values.Sum());
            var truth = await Sold(source);
            await Eventually.Sees(
                () => truth.Except(Told(source)).Count(), missing => missing == 0, TimeSpan.FromSeconds(10));
            Assert.Equal(truth, Told(source));
        }
    }

    private static JsonObject Fault(SyncedSource source, Random dice)
    {
        var fault = new JsonObject { ["match"] = List, ["kind"] = Kinds[dice.Next(Kinds.Length)], ["after"] = dice.Next(6), ["times"] = dice.Next(1, 4) };
        if ((string)fault["kind"]! == "shift") fault["way"] = "repeat"; // lists are read by ids: nothing can jump out of a page
        if ((string)fault["kind"]! == "next") fault["next"] = $"{source.Connector.Paddle.Api}/transactions?after={Sample.Id("txn", 0)}";
        return fault;
    }

    private static Task<JsonObject> Complete(SyncedSource source, string order) =>
        source.Paddle("PATCH", $"/objects/{order}", new JsonObject { ["status"] = "completed" });

    private static async Task<SortedSet<string>> Sold(SyncedSource source) =>
    [
        .. (await Truth.Rows(source.Connector.Control, "/truth/transactions"))
            .Where(t => (string)t["status"]! is "paid" or "completed" && (string)t["total"]! != "0")
            .Select(t => $"{t["id"]} {t["total"]} {t["currency_code"]}"),
    ];

    private static SortedSet<string> Told(SyncedSource source) =>
    [
        .. source.Queue.Named(PaddleTransactionSeen.Name).Select(m => m.Json["transaction"]!)
            .Select(t => $"{t["id"]} {t["totals"]!["total"]!["amount"]} {t["totals"]!["total"]!["currency"]}"),
    ];
}
