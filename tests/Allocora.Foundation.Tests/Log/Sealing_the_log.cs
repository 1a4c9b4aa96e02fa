using Allocora.EventStore;
using Allocora.Testing;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

/// <summary>Whoever can write the tables directly cannot do so unseen.</summary>
public sealed class Sealing_the_log : IAsyncLifetime
{
    private const string Workspace = "ws_one";
    private LogDatabase log = null!;
    private Seal seal = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        seal = new(log.Tail);
        for (var call = 0; call < 10; call++)
        {
            var entries = new[] { Entry("one", $"{call}", events: 3), Entry("two", $"{call}", workspace: "ws_two"), Entry("three", events: 2) };
            await log.Log.Append(entries, default);
        }
    }

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task An_untouched_log_agrees_with_its_seal()
    {
        var (one, two) = (await seal.Verify(Workspace, default), await seal.Verify("ws_two", default));

        Assert.Equal((true, 50L), (one.Ok, one.Events));
        Assert.Equal((true, 10L), (two.Ok, two.Events));
        Assert.Equal(one.Chain, (byte[])(await log.Ask($"select chain from allocora_head where tenant_id = '{Workspace}'"))!);
    }

    [Fact]
    public async Task A_workspace_without_events_has_nothing_to_disagree_with()
    {
        var none = await seal.Verify("ws_none", default);

        Assert.Equal((true, 0L), (none.Ok, none.Events));
    }

    [Theory]
    [InlineData("""update mt_events set data = '{"Amount":"999"}' where seq_id = @""")]
    [InlineData("""update mt_events set headers = '{"actor":"usr_other"}' where seq_id = @""")]
    [InlineData("update mt_events set timestamp = timestamp + interval '1 microsecond' where seq_id = @")]
    [InlineData("update mt_events set type = 'transaction_settled' where seq_id = @")]
    [InlineData("update mt_events set id = gen_random_uuid() where seq_id = @")]
    [InlineData("update mt_events set version = version + 1000 where seq_id = @")]
    [InlineData("update mt_events set tenant_id = 'ws_two', stream_id = 'two', version = version + 1000 where seq_id = @")]
    [InlineData("update mt_events set mt_dotnet_type = 'other' where seq_id = @")]
    [InlineData("update mt_events set correlation_id = 'other' where seq_id = @")]
    [InlineData("update mt_events set causation_id = 'other' where seq_id = @")]
    [InlineData("delete from mt_events where seq_id = @")]
    [InlineData("delete from allocora_seal where seq_id = @")]
    [InlineData("delete from mt_events where seq_id = @; delete from allocora_seal where seq_id = @")]
    [InlineData("update allocora_seal set chain = sha256('x') where seq_id = @")]
    [InlineData("update allocora_seal set content = sha256('x') where seq_id = @")]
    public async Task A_change_is_found_where_it_was_made(string statement)
    {
        var all = await log.Feed.All(workspace: Workspace);
        // From the end to the beginning: what is found is always the first.
        foreach (var index in new[] { 48, 17, 0 })
        {
            await log.Ask(statement.Replace("@", $"{all[index].Sequence}", StringComparison.Ordinal));

            // Where an event and its seal are both gone, the first that does not fit is the one after.
            var bad = statement.Contains(';', StringComparison.Ordinal) ? all[index + 1] : all[index];
            Assert.Equal(bad.Sequence, (await seal.Verify(Workspace, default)).FirstBad);
        }
    }

    [Fact]
    public async Task Two_events_that_changed_places_are_found_at_the_first()
    {
        var all = await log.Feed.All(workspace: Workspace);
        var (one, other) = (all[10].Sequence, all[20].Sequence);

        await log.Ask($"update mt_events set seq_id = -1 where seq_id = {one}");
        await log.Ask($"update mt_events set seq_id = {one} where seq_id = {other}");
        await log.Ask($"update mt_events set seq_id = {other} where seq_id = -1");

        Assert.Equal(one, (await seal.Verify(Workspace, default)).FirstBad);
    }

    [Fact]
    public async Task An_event_that_was_put_in_by_hand_is_found()
    {
        const string insert = """
            insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id)
            select max(seq_id) + 1, gen_random_uuid(), 'one', 1000, '{}', 'transaction_recorded', 'ws_one' from mt_events
            """;
        await log.Ask(insert);

        Assert.Equal(await log.Feed.Head(default), (await seal.Verify(Workspace, default)).FirstBad);
    }

    [Fact]
    public async Task A_tail_that_was_cut_off_is_found_where_it_was_cut()
    {
        var all = await log.Feed.All(workspace: Workspace);

        await log.Ask($"delete from mt_events where seq_id > {all[40].Sequence}; delete from allocora_seal where seq_id > {all[40].Sequence}");

        Assert.Equal(all[40].Sequence + 1, (await seal.Verify(Workspace, default)).FirstBad);
    }

    [Theory]
    [InlineData(0, 10, null)]
    [InlineData(10, 40, 17)]
    [InlineData(17, 40, null)]
    [InlineData(40, 50, null)]
    public async Task A_part_of_it_is_verified_by_itself(int after, int upTo, int? bad)
    {
        var all = await log.Feed.All(workspace: Workspace);
        await log.Ask($"update mt_events set type = 'other' where seq_id = {all[16].Sequence}");

        var part = await seal.Verify(Workspace, default, after: after == 0 ? 0 : all[after - 1].Sequence, upTo: all[upTo - 1].Sequence);

        Assert.Equal(bad is { } place ? all[place - 1].Sequence : null, part.FirstBad);
        Assert.Equal((bad ?? upTo) - after, part.Events);
    }

    [Fact]
    public async Task No_event_falls_between_two_pages()
    {
        seal = new(log.Tail, pageSize: 7);
        var whole = await seal.Verify(Workspace, default);
        Assert.Equal((true, 50L), (whole.Ok, whole.Events));

        foreach (var one in (await log.Feed.All(workspace: Workspace)).AsEnumerable().Reverse())
        {
            await log.Ask($"update mt_events set type = 'other' where seq_id = {one.Sequence}");
            Assert.Equal(one.Sequence, (await seal.Verify(Workspace, default)).FirstBad);
        }
    }

    [Fact]
    public async Task A_head_that_counts_otherwise_is_found()
    {
        await log.Ask($"update allocora_head set events = events + 1 where tenant_id = '{Workspace}'");

        Assert.False((await seal.Verify(Workspace, default)).Ok);
    }

    [Fact]
    public async Task What_follows_a_position_ends_where_the_head_says()
    {
        var all = await log.Feed.All(workspace: Workspace);
        Assert.True((await seal.Verify(Workspace, default, after: all[30].Sequence)).Ok);
        Assert.True((await seal.Verify(Workspace, default, after: all[^1].Sequence)).Ok);

        await log.Ask($"delete from mt_events where seq_id > {all[40].Sequence}; delete from allocora_seal where seq_id > {all[40].Sequence}");

        Assert.Equal(all[40].Sequence + 1, (await seal.Verify(Workspace, default, after: all[30].Sequence)).FirstBad);
    }
}
