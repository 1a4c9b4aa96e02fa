using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Deciding;

/// <summary>As the service's own role, which sees and writes one workspace a transaction.</summary>
public sealed class Deciding_on_a_stream : IAsyncLifetime
{
    private static readonly Origin Somebody = new("usr_1");
    private LogDatabase log = null!;
    private Streams streams = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        streams = new(log.As($"{LogDatabase.Service}_app"), Sales.Catalog, TimeProvider.System);
    }

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task Whatever_the_order_and_however_often_a_sale_is_recorded_once_and_contradicted_once()
    {
        const int sales = 100, contradicted = 25, deliveries = 4000, atATime = 16;
        var rounds = TestSize.Of(20, atLeast: 3);
        for (var round = 0; round < rounds; round++)
        {
            var workspace = $"ws_{round}";
            var seen = Enumerable.Range(0, deliveries)
                .Select(i => (Sale: i % sales, Gross: i % sales < contradicted && i / sales % 2 == 1 ? 1001L : 1000L)).ToArray();
            new Random(round).Shuffle(seen);
            var appended = 0;

            await Parallel.ForEachAsync(seen, new ParallelOptions { MaxDegreeOfParallelism = atATime }, async (one, ct) =>
            {
                var standing = await Observe(workspace, $"s{one.Sale}", one.Gross, ct: ct);
                if (standing.Outcome == Outcome.Appended) Interlocked.Increment(ref appended);
            });

            var stored = await Stored(workspace);
            Assert.Equal((sales, contradicted), (stored.Count(e => e.Type == "sale_recorded"), stored.Count(e => e.Type == "sale_contradicted")));
            Assert.Equal(sales + contradicted, appended);
            foreach (var one in stored.GroupBy(e => e.Stream))
            {
                var happened = one.Select(Sales.Catalog.Open).ToList();
                var recorded = Assert.IsType<SaleRecorded>(happened[0]);
                Assert.All(happened.Skip(1), c => Assert.Equal(new SaleContradicted(one.Key, recorded.Gross, 2001 - recorded.Gross), c));
            }
        }
    }

    [Fact]
    public async Task Events_are_folded_in_the_order_they_happened()
    {
        var decider = new Decider<string, SaleHappened>("", (text, e) => text + ((SaleRecorded)e).Sale);
        var seen = new List<string>();
        for (var i = 0; i < 12; i += 2)
        {
            SaleHappened[] next = [new SaleRecorded($"{i},", 1, Channel.Web), new SaleRecorded($"{i + 1},", 1, Channel.Web)];
            await streams.Transact<string, SaleHappened>("ws_one", "order", decider, text =>
            {
                seen.Add(text);
                return next;
            }, Somebody, null, default);
        }

        Assert.Equal(["", "0,1,", "0,1,2,3,", "0,1,2,3,4,5,", "0,1,2,3,4,5,6,7,", "0,1,2,3,4,5,6,7,8,9,"], seen);
    }

    [Fact]
    public async Task It_says_where_the_stream_stands_afterwards()
    {
        await Observe("ws_two", "elsewhere", 1);
        var first = await Observe("ws_one", "s1", 1000);
        var second = await Observe("ws_one", "s1", 1001);
        var third = await Observe("ws_one", "s1", 1001);

        var stored = await Stored("ws_one");
        Assert.Equal(new Standing(Outcome.Appended, null, 1, stored[0].Sequence), first);
        Assert.Equal(new Standing(Outcome.Appended, null, 2, stored[1].Sequence), second);
        Assert.Equal(new Standing(null, null, 2, stored[1].Sequence), third);
        Assert.Equal("""{"actor": "usr_1", "schema_version": 2}""", stored[0].Headers);
    }

    [Fact]
    public async Task A_refusal_appends_nothing_and_says_why()
    {
        var refused = await Observe("ws_one", "s1", -1);

        Assert.Equal(new Standing(null, new Refusal("sale.negative", "A sale is not negative."), 0, 0), refused);
        Assert.Empty(await Stored("ws_one"));
        Assert.Equal(0L, await log.Ask("select count(*) from mt_streams"));
    }

    [Fact]
    public async Task A_command_told_again_is_answered_as_done_even_when_its_rule_would_now_refuse_it()
    {
        Task<Standing> Close(string key) => streams.Transact("ws_one", "s1", Sales.Decider, state => state.Gross is null
            ? new SaleRecorded("s1", 1, Channel.Web)
            : new Refusal("sale.closed", "The sale is closed."), Somebody, key, default);

        var done = await Close("cmd_1");

        Assert.Equal(done with { Outcome = Outcome.Duplicate }, await Close("cmd_1"));
        Assert.Equal("sale.closed", (await Close("cmd_2")).Refusal?.Code);
        Assert.Equal(EventId.Of("ws_one", "cmd_1", 1), Assert.Single(await Stored("ws_one")).Id);
    }

    [Fact]
    public async Task A_key_that_was_spent_on_another_stream_appends_nothing()
    {
        await Observe("ws_one", "s1", 1000, "cmd_1");

        Assert.Equal(new Standing(Outcome.Duplicate, null, 0, 0), await Observe("ws_one", "s2", 1000, "cmd_1"));
        Assert.Single(await Stored("ws_one"));
    }

    [Fact]
    public async Task The_same_command_told_by_many_at_once_is_done_once()
    {
        var rounds = TestSize.Of(200, atLeast: 20);
        for (var round = 0; round < rounds; round++)
        {
            var told = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => streams.Transact(
                "ws_one", "once", new Decider<int, SaleHappened>(0, (n, _) => n + 1), n => new SaleRecorded($"{n}", 1, Channel.Web),
                Somebody, $"cmd_{round}", default)));

            Assert.Equal([Outcome.Appended, Outcome.Duplicate, Outcome.Duplicate, Outcome.Duplicate], told.Select(t => t.Outcome!.Value).Order());
            Assert.Equal(round + 1, (await Stored("ws_one")).Count);
        }
    }

    [Fact]
    public async Task Who_is_overtaken_decides_again_on_what_is_there_then()
    {
        var decidedOn = new List<long?>();
        var standing = await streams.Transact("ws_one", "s1", Sales.Decider, state =>
        {
            decidedOn.Add(state.Gross);
            if (decidedOn.Count == 1) Observe("ws_one", "s1", 1000).GetAwaiter().GetResult();
            return Sales.Decide(state, "s1", 1001);
        }, Somebody, null, default);

        Assert.Equal([null, 1000L], decidedOn);
        Assert.Equal((Outcome.Appended, 2L), (standing.Outcome, standing.Version));
        Assert.Equal(["sale_recorded", "sale_contradicted"], (await Stored("ws_one")).Select(e => e.Type));
    }

    [Fact]
    public async Task Who_is_overtaken_every_time_gives_up_and_leaves_nothing()
    {
        var attempts = 0;
        await Assert.ThrowsAsync<StreamContendedException>(() => streams.Transact("ws_one", "s1", new Decider<int, SaleHappened>(0, (n, _) => n + 1), n =>
        {
            attempts++;
            var other = streams.Transact("ws_one", "s1", new Decider<int, SaleHappened>(0, (m, _) => m + 1),
                _ => new SaleContradicted("s1", 1, 2), Somebody, null, default);
            Assert.Equal(n + 1, other.GetAwaiter().GetResult().Version);
            return new SaleRecorded("s1", 1, Channel.Web);
        }, Somebody, "cmd_1", default));

        Assert.Equal(5, attempts);
        Assert.All(await Stored("ws_one"), e => Assert.Equal("sale_contradicted", e.Type));
        Assert.Equal(0L, await log.Ask("select count(*) from allocora_seen"));
    }

    [Fact]
    public async Task One_workspace_does_not_see_the_stream_of_another()
    {
        await Observe("ws_one", "s1", 1000);
        var other = await Observe("ws_two", "s1", 5);

        Assert.Equal((Outcome.Appended, 1L), (other.Outcome!.Value, other.Version));
    }

    [Fact]
    public async Task The_connection_goes_back_without_the_workspace_it_was_used_for()
    {
        var address = new NpgsqlConnectionStringBuilder(log.AddressOf($"{LogDatabase.Service}_app"))
        {
            SearchPath = LogDatabase.Service,
            MaxPoolSize = 1,
            NoResetOnClose = true,
        };
        await using var one = NpgsqlDataSource.Create(address.ConnectionString);
        await new Streams(one, Sales.Catalog, TimeProvider.System).Transact(
            "ws_one", "s1", Sales.Decider, state => Sales.Decide(state, "s1", 1000), Somebody, null, default);

        Assert.Equal(0L, await LogDatabase.Ask(one, "select count(*) from mt_events"));
    }

    [Fact]
    public async Task An_event_it_cannot_read_stops_the_decision()
    {
        await log.Log.Append([Log.Make.Entry("s1")], default);

        var stop = await Assert.ThrowsAsync<UnreadableEventException>(() => Observe("ws_one", "s1", 1000));

        Assert.Equal("transaction_recorded", stop.Type);
        Assert.Single(await Stored("ws_one"));
    }

    private Task<Standing> Observe(string workspace, string sale, long gross, string? key = null, CancellationToken ct = default) =>
        streams.Transact(workspace, sale, Sales.Decider, state => Sales.Decide(state, sale, gross), Somebody, key, ct);

    private async Task<List<StoredEvent>> Stored(string workspace) => await Log.Make.All(log.Feed, workspace: workspace);
}
