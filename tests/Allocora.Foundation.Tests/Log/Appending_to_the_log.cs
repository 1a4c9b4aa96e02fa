using System.Text;
using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

public sealed class Appending_to_the_log : IAsyncLifetime
{
    private LogDatabase log = null!;

    public async Task InitializeAsync() => log = await LogDatabase.Create();

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task An_entry_is_read_back_as_it_was_written()
    {
        var written = Event("""{ "Total": {"Amount":"1999","Currency":"USD"}, "Note": "a \"quoted\" ü" }""") with
        {
            Headers = """{"actor":"usr_1"}""",
            Correlation = "run_1",
            Causation = "msg_1",
            At = new DateTimeOffset(2026, 10, 31, 14, 2, 11, TimeSpan.FromHours(2)).AddMicroseconds(123_456),
        };

        var answer = Assert.Single(await log.Log.Append([new("ws_one", "paddle-live-txn_1", "paddle/live/txn_1/a", null, [written])], default));

        var read = Assert.Single(await log.Feed.All());
        Assert.Equal(new(Outcome.Appended, read.Sequence), answer);
        Assert.Equal((written.Id, "ws_one", "paddle-live-txn_1", 1L, written.Type), (read.Id, read.Workspace, read.Stream, read.Version, read.Type));
        Assert.Equal((written.At, written.Correlation, written.Causation), (read.At, read.Correlation, read.Causation));
        Assert.Equal(CanonicalJson.Hash(written.Data, written.Headers), CanonicalJson.Hash(Encoding.UTF8.GetString(read.Data.Span), read.Headers));
    }

    [Fact]
    public async Task What_was_appended_under_a_key_is_never_appended_again()
    {
        await log.Log.Append([Entry("one", "key")], default);

        Assert.Equal([new(Outcome.Duplicate, null)], await log.Log.Append([Entry("one", "key")], default));
        Assert.Equal([new(Outcome.Duplicate, null)], await log.Log.Append([Entry("another", "key")], default));
        Assert.Single(await log.Feed.All());
    }

    [Fact]
    public async Task A_key_counts_within_its_workspace_only()
    {
        var answers = await log.Log.Append([Entry("one", "key"), Entry("one", "key", workspace: "ws_two")], default);

        Assert.All(answers, a => Assert.Equal(Outcome.Appended, a.Outcome));
        Assert.Equal([1L, 1L], (await log.Feed.All()).Select(e => e.Version));
    }

    [Fact]
    public async Task The_same_key_twice_in_one_call_is_appended_once()
    {
        var answers = await log.Log.Append([Entry("one", "key", events: 2), Entry("two", "other"), Entry("one", "key", events: 2)], default);

        Assert.Equal([Outcome.Appended, Outcome.Appended, Outcome.Duplicate], answers.Select(a => a.Outcome));
        Assert.Equal(3, (await log.Feed.All()).Count);
    }

    [Fact]
    public async Task Who_repeats_a_decision_under_its_key_hears_that_it_stands_wherever_the_stream_is_now()
    {
        await log.Log.Append([Entry("one", "decision", expected: 0)], default);
        await log.Log.Append([Entry("one", "another")], default);

        var again = await log.Log.Append([Entry("one", "decision", expected: 0)], default);

        Assert.Equal(Outcome.Duplicate, Assert.Single(again).Outcome);
        Assert.Equal(2, (await log.Feed.All()).Count);
    }

    [Fact]
    public async Task What_is_contended_does_not_use_up_its_key()
    {
        await log.Log.Append([Entry("one", "first")], default);
        Assert.Equal(Outcome.Contended, Assert.Single(await log.Log.Append([Entry("one", "key", expected: 0)], default)).Outcome);

        Assert.Equal(Outcome.Appended, Assert.Single(await log.Log.Append([Entry("one", "key", expected: 1)], default)).Outcome);
    }

    [Fact]
    public async Task Versions_of_a_stream_go_up_by_one_within_a_call_and_across_calls()
    {
        await log.Log.Append([Entry("one", "a", events: 3), Entry("two", "b"), Entry("one", "c", events: 2)], default);
        await log.Log.Append([Entry("two", "d", events: 2), Entry("one", "e")], default);

        var read = await log.Feed.All();
        Assert.Equal([1L, 2, 3, 4, 5, 6], read.Where(e => e.Stream == "one").Select(e => e.Version));
        Assert.Equal([1L, 2, 3], read.Where(e => e.Stream == "two").Select(e => e.Version));
        Assert.Equal(6L, await log.Ask("select version from mt_streams where id = 'one'"));
    }

    [Fact]
    public async Task Who_decided_on_an_older_version_is_told_and_nothing_is_kept()
    {
        await log.Log.Append([Entry("one", expected: 0)], default);

        Assert.Equal([Outcome.Contended], (await log.Log.Append([Entry("one", "a key", expected: 0)], default)).Select(a => a.Outcome));
        Assert.Equal([Outcome.Contended], (await log.Log.Append([Entry("missing", expected: 5)], default)).Select(a => a.Outcome));
        Assert.Equal([Outcome.Appended], (await log.Log.Append([Entry("one", "a key", expected: 1)], default)).Select(a => a.Outcome));
        Assert.Equal([1L, 2L], (await log.Feed.All()).Select(e => e.Version));
    }

    [Fact]
    public async Task A_contended_stream_does_not_hold_up_the_others_of_the_call()
    {
        await log.Log.Append([Entry("one")], default);

        var answers = await log.Log.Append([Entry("one", expected: 0), Entry("two", expected: 0), Entry("three", "key")], default);

        Assert.Equal([Outcome.Contended, Outcome.Appended, Outcome.Appended], answers.Select(a => a.Outcome));
    }

    [Fact]
    public async Task An_expected_version_cannot_share_its_stream_with_another_entry_of_the_call() =>
        await Assert.ThrowsAsync<ArgumentException>(() => log.Log.Append([Entry("one", expected: 0), Entry("one", "key")], default));

    [Fact]
    public async Task A_call_with_one_bad_event_leaves_nothing_behind()
    {
        var bad = new Entry("ws_one", "two", "bad", null, [Event("""{"Text":"\u0000"}""")]);

        await Assert.ThrowsAsync<PostgresException>(() => log.Log.Append([Entry("one", "good"), bad], default));

        Assert.Empty(await log.Feed.All());
        Assert.Equal(0L, await log.Ask("select count(*) from allocora_seen"));
        Assert.Equal([Outcome.Appended], (await log.Log.Append([Entry("one", "good")], default)).Select(a => a.Outcome));
    }

    [Theory]
    [InlineData("array['ws_one']", "array['one']", "array['k']", "array[1, 1]", "array['a', 'b']", "array['{}']::jsonb[]", "22023")]
    [InlineData("array['ws_one']", "array['one']", "array['k']", "array[2]", "array['a']", "array['{}']::jsonb[]", "22023")]
    [InlineData("array['ws_one']", "array['one']", "array['k']", "array[null]::int[]", "array['a']", "array['{}']::jsonb[]", "22023")]
    [InlineData("array['ws_one']", "array['one', 'two']", "array['k']", "array[1]", "array['a']", "array['{}']::jsonb[]", "22023")]
    [InlineData("array['ws_one']", "array['one']", "null::text[]", "array[1]", "array['a']", "array['{}']::jsonb[]", "22023")]
    public async Task Arrays_that_do_not_fit_together_are_refused_whole(
        string tenants, string streams, string keys, string entries, string types, string bodies, string state)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => LogDatabase.Ask(log.Worker, $"""
            select count(*) from allocora_append({tenants}, {streams}, {keys}, array[null]::bigint[], {entries}, array[gen_random_uuid()], {types},
              array['T'], {bodies}, array[null]::jsonb[], array[null]::text[], array[null]::text[], array[now()], array[sha256('x')])
            """));

        Assert.Equal(state, refused.SqlState);
        Assert.Equal(0L, await log.Ask("select count(*) from allocora_seen"));
    }

    [Fact]
    public async Task A_transaction_that_looks_at_an_older_moment_is_refused()
    {
        await using var connection = await log.Worker.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);

        // Not the entry's fault, so a consumer waits and does not put the message aside.
        Assert.Equal("25000", (await Assert.ThrowsAsync<PostgresException>(() => EventLog.Append(transaction, [Entry("one")], default))).SqlState);
    }

    [Theory]
    [InlineData("ws_one\nx", "stream", "type")]
    [InlineData("ws_one", "stream\n1", "type")]
    [InlineData("ws_one", "stream", "1\ntype")]
    [InlineData("", "stream", "type")]
    [InlineData("ws_one", "", "type")]
    [InlineData("ws_one", "stream", "")]
    public async Task A_name_that_could_be_taken_for_two_is_refused(string workspace, string stream, string type)
    {
        var entry = new Entry(workspace, stream, null, null, [Event("{}") with { Type = type }]);

        Assert.Equal("22023", (await Assert.ThrowsAsync<PostgresException>(() => log.Log.Append([entry], default))).SqlState);
    }

    [Fact]
    public async Task Nothing_to_append_is_nothing_appended() => Assert.Empty(await log.Log.Append([], default));

    [Fact]
    public async Task Racing_decisions_on_one_stream_leave_exactly_one_winner_each_round()
    {
        for (var round = 0; round < 50; round++)
        {
            var version = round;
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => log.Log.Append([Entry("one", expected: version)], default)));
            Assert.Single(answers, a => a[0].Outcome == Outcome.Appended);
        }
        Assert.Equal(Enumerable.Range(1, 50).Select(v => (long)v), (await log.Feed.All()).Select(e => e.Version));
    }

    [Fact]
    public async Task One_call_reads_one_workspace_or_all_from_a_position_on()
    {
        await log.Log.Append([Entry("one", events: 2), Entry("one", events: 3, workspace: "ws_two")], default);
        var all = await log.Feed.All();

        Assert.Equal(3, (await log.Feed.All(workspace: "ws_two")).Count);
        Assert.Equal(all.Skip(2).Select(e => e.Sequence), (await log.Feed.All(after: all[1].Sequence)).Select(e => e.Sequence));
        Assert.Equal(all[^1].Sequence, await log.Feed.Head(default));
    }
}
