using Allocora.Testing;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

public sealed class Following_the_log : IAsyncLifetime
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1), Soon = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource enough = new();
    private readonly List<long> seen = [];
    private LogDatabase log = null!;
    private Task following = Task.CompletedTask;

    public async Task InitializeAsync() => log = await LogDatabase.Create();

    public async Task DisposeAsync()
    {
        await enough.CancelAsync();
        await following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await log.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_reads_what_is_there_when_it_comes()
    {
        await log.Log.Append([Entry("one", events: 3)], default);

        Follow(Never);

        await SeesAll(3);
    }

    [Fact]
    public async Task A_sleeping_reader_is_woken_by_each_append_and_not_by_the_clock()
    {
        Follow(Never);
        for (var round = 1; round <= 20; round++)
        {
            await log.Log.Append([Entry("one")], default);
            await SeesAll(round);
        }
    }

    [Fact]
    public async Task A_reader_who_missed_the_call_looks_by_itself()
    {
        Follow(Soon);
        await SeesAll(0);
        await log.Ask("insert into mt_streams (tenant_id, id, version) values ('ws_one', 'silent', 1)");

        await log.Ask("""
            insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id)
            values (7, gen_random_uuid(), 'silent', 1, '{}', 'transaction_recorded', 'ws_one')
            """);

        await SeesAll(1);
    }

    [Fact]
    public async Task A_reader_whose_connection_was_cut_goes_on()
    {
        Follow(Soon);
        for (var round = 1; round <= 5; round++)
        {
            await log.Log.Append([Entry("one")], default);
            await SeesAll(round);
            await using var superuser = Npgsql.NpgsqlDataSource.Create((await TestServers.Get()).Postgres);
            await LogDatabase.Ask(superuser, $"""
                select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{log.Name}' and query = 'listen allocora_log'
                """);
        }
    }

    [Fact]
    public async Task What_the_reader_cannot_handle_is_not_swallowed()
    {
        var failing = log.Feed.Follow(Never, _ => throw new InvalidOperationException("a bug"), enough.Token);

        Assert.Equal("a bug", (await Assert.ThrowsAsync<InvalidOperationException>(() => failing.WaitAsync(Eventually.Deadline))).Message);
    }

    private void Follow(TimeSpan atLeastEvery) => following = log.Feed.Follow(atLeastEvery, async ct =>
    {
        long position;
        lock (seen) position = seen.Count == 0 ? 0 : seen[^1];
        await foreach (var one in log.Feed.After(position, 100, ct: ct))
            lock (seen) seen.Add(one.Sequence);
    }, enough.Token);

    private async Task SeesAll(int count)
    {
        await Eventually.Sees(() => { lock (seen) return seen.Count; }, c => c >= count);
        Assert.Equal(count, seen.Count);
        Assert.False(following.IsCompleted);
    }
}
