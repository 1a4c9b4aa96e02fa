using Allocora.Testing;

namespace Allocora.Connector.Tests;

public sealed class Waiting_for_a_turn : IAsyncLifetime
{
    private ConnectorDatabase database = null!;

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public void Workspaces_take_turns_however_much_one_wants()
    {
        var queue = Queue("aaaaaabbbc");

        Assert.Equal("abcababaaa", Order(queue));
    }

    [Fact]
    public void A_workspace_that_comes_back_stands_at_the_end()
    {
        var queue = Queue("abc");
        var first = queue.Next()!;
        queue.Add(new Waiter(first.Workspace, Urgency.Bulk));

        Assert.Equal("bca", Order(queue));
    }

    [Fact]
    public void The_more_urgent_go_first_and_every_tenth_is_who_waits_longest()
    {
        var queue = Queue("bbb");
        for (var one = 0; one < 20; one++) queue.Add(new Waiter("i", Urgency.Interactive));
        queue.Add(new Waiter("n", Urgency.Incremental));

        Assert.Equal("iiiiiiiiibiiiiiiiiibiinb", Order(queue));
    }

    [Fact]
    public void Whoever_gives_up_is_passed_over()
    {
        var queue = Queue("aab");
        var impatient = new Waiter("c", Urgency.Bulk);
        queue.Add(impatient);

        Assert.True(queue.Remove(impatient));
        Assert.False(queue.Remove(impatient));

        Assert.Equal((3, "aba"), (queue.Count, Order(queue)));
    }

    [Fact]
    public async Task Twenty_workspaces_that_want_the_same_are_done_at_about_the_same_time()
    {
        using var caller = new PaddleCaller(database, PaddleCaller.To("http://127.0.0.1:9", perMinute: 15_000));
        var since = TimeProvider.System.GetTimestamp();
        var workspaces = Enumerable.Range(0, 20).Select(workspace => Enumerable.Range(0, 50).Select(_ => Through(caller, $"ws_{workspace}")).ToList()).ToList();

        var ends = await Task.WhenAll(workspaces.Select(async all =>
        {
            await Task.WhenAll(all);
            return TimeProvider.System.GetElapsedTime(since);
        }));

        Assert.True(ends.Max() / ends.Min() <= 1.5, $"from {ends.Min()} to {ends.Max()}");
        Assert.True(ends.Max() >= TimeSpan.FromSeconds((1_000 - 20) / 250), "it went faster than the budget allows");
    }

    [Fact]
    public async Task No_more_are_under_way_than_may_be_and_who_leaves_lets_another_in()
    {
        using var caller = new PaddleCaller(database, PaddleCaller.To("http://127.0.0.1:9", atOnce: 3));
        var entering = Enumerable.Range(0, 5).Select(_ => caller.Gate.Enter("ws_a", Urgency.Bulk, CancellationToken.None)).ToList();

        await Eventually.Sees(() => entering.Count(one => one.IsCompletedSuccessfully), inside => inside == 3);
        var first = await entering.First(one => one.IsCompletedSuccessfully);
        first.Dispose();
        first.Dispose();

        await Eventually.Sees(() => entering.Count(one => one.IsCompletedSuccessfully), inside => inside == 4);
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => caller.Gate.Enter("ws_b", Urgency.Interactive, impatient.Token));
        Assert.Equal(4, entering.Count(one => one.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Whoever_gave_up_waiting_takes_no_place()
    {
        using var caller = new PaddleCaller(database, PaddleCaller.To("http://127.0.0.1:9", atOnce: 1));
        for (var round = 0; round < 200; round++)
        {
            using var impatient = new CancellationTokenSource();
            var entering = Enumerable.Range(0, 4).Select(_ => Through(caller, "ws_a", impatient.Token)).ToList();
            if (round % 3 > 0) await Task.WhenAny(entering);
            await impatient.CancelAsync();
            await Task.WhenAll(entering);
        }

        var last = Through(caller, "ws_a");
        Assert.Same(last, await Task.WhenAny(last, Task.Delay(Eventually.Deadline)));
    }

    [Fact]
    public async Task One_workspace_cannot_fill_the_queue()
    {
        using var caller = new PaddleCaller(database, PaddleCaller.To("http://127.0.0.1:9", atOnce: 1));
        using var place = await caller.Gate.Enter("ws_a", Urgency.Bulk, CancellationToken.None);
        using var over = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 500).Select(_ => Through(caller, "ws_a", over.Token)).ToList();

        var refused = await Assert.ThrowsAsync<PaddleUnavailableException>(() => caller.Gate.Enter("ws_a", Urgency.Interactive, over.Token));
        var other = Through(caller, "ws_b", over.Token);
        Assert.Equal(("rate-limited", false), (refused.Code, other.IsCompleted));

        await over.CancelAsync();
        await Task.WhenAll([.. waiting, other]);
    }

    [Fact]
    public async Task A_budget_that_cannot_be_asked_fails_those_who_wait_and_not_those_who_come_later()
    {
        using var caller = new PaddleCaller(database, PaddleCaller.To("http://127.0.0.1:9"));
        await database.Ask("alter table rate_budget rename to rate_budget_away");

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => caller.Gate.Enter("ws_a", Urgency.Bulk, CancellationToken.None));
        await database.Ask("alter table rate_budget_away rename to rate_budget");

        await Through(caller, "ws_a");
    }

    private static async Task Through(PaddleCaller caller, string workspace, CancellationToken ct = default)
    {
        try
        {
            using var place = await caller.Gate.Enter(workspace, Urgency.Bulk, ct);
        }
        catch (OperationCanceledException)
        {
            Assert.True(ct.IsCancellationRequested);
        }
    }

    private static CallQueue Queue(string workspaces)
    {
        var queue = new CallQueue();
        foreach (var workspace in workspaces) queue.Add(new Waiter($"{workspace}", Urgency.Bulk));
        return queue;
    }

    private static string Order(CallQueue queue)
    {
        var order = "";
        while (queue.Next() is { } next) order += next.Workspace;
        return order;
    }
}
