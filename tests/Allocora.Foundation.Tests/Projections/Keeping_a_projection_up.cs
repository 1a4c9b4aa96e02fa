using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Projections;

public sealed class Keeping_a_projection_up : IAsyncLifetime
{
    private static readonly TimeSpan Never = TimeSpan.FromHours(1), Patience = TimeSpan.FromMinutes(2);
    private LogDatabase database = null!;

    public async Task InitializeAsync() => database = await LogDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Rows_and_position_are_what_the_log_says()
    {
        var projection = Sales.Projection();
        await database.Migrate(projection);
        await database.Fill(5000);

        Assert.Equal(CaughtUp.WithTheLog, await database.Runner(projection).Run(default));

        Assert.Equal((0, 5000, await database.Feed.Head(default)), (await database.Wrong(), await database.Counted(), await database.Position()));
    }

    [Fact]
    public async Task Four_runners_beside_a_writer_apply_each_event_once()
    {
        var projection = Sales.Projection();
        await database.Migrate(projection);
        await database.Fill(TestSize.Of(500_000));
        using var enough = new CancellationTokenSource();

        var runners = Enumerable.Range(0, 4).Select(_ => KeepRunning(database.Runner(projection), enough.Token)).ToList();
        for (var call = 0; call < 100; call++) await database.Append(20);
        await CaughtUpWithTheLog();
        await enough.CancelAsync();
        await Task.WhenAll(runners);

        Assert.Equal((0, TestSize.Of(500_000) + 2000), (await database.Wrong(), await database.Counted()));
    }

    [Fact]
    public async Task A_crash_between_rows_and_position_loses_and_doubles_nothing()
    {
        var (random, crashes) = (new Random(7), 0);
        var projection = Sales.Projection(then: batch =>
        {
            if (random.Next(2) > 0) return;
            crashes++;
            batch.Add("select pg_terminate_backend(pg_backend_pid())"); // the rows are written, the position is not
        });
        await database.Migrate(projection);
        await database.Fill(TestSize.Of(1_000_000));

        while (true)
        {
            try
            {
                // The server may not have noticed yet that its client is gone.
                if (await database.Runner(projection).Run(default) == CaughtUp.WithTheLog) break;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.AdminShutdown)
            {
                Assert.Equal(0L, await database.Ask($"""
                    select coalesce(sum(sales), 0)::bigint - (select count(*) from mt_events where seq_id <= {await database.Position()})
                    from probe_sales_v1.product_month
                    """));
            }
        }

        Assert.True(crashes >= 3, $"only {crashes} crashes");
        Assert.Equal(0, await database.Wrong());
    }

    [Fact]
    public async Task Connections_cut_at_any_moment_lose_and_double_nothing()
    {
        var projection = Sales.Projection();
        await database.Migrate(projection);
        await database.Fill(TestSize.Of(1_000_000));
        using var enough = new CancellationTokenSource();

        var runners = Enumerable.Range(0, 3).Select(_ => KeepRunning(database.Runner(projection), enough.Token)).ToList();
        var head = await database.Feed.Head(default);
        var superuser = database.As(LogDatabase.Superuser);
        var cut = 0L;
        for (var reached = 0L; reached < head;)
        {
            cut += await superuser.Cut("usename = 'probe_worker'");
            reached = await Eventually.Sees(async _ => await database.Position(), seen => seen > reached, Patience);
        }
        await CaughtUpWithTheLog();
        await enough.CancelAsync();
        await Task.WhenAll(runners);

        Assert.True(cut >= 3, $"only {cut} connections were cut");
        Assert.Equal(0, await database.Wrong());
    }

    [Fact]
    public async Task One_who_comes_back_from_the_dead_changes_nothing()
    {
        using var waiting = new SemaphoreSlim(0);
        using var wake = new SemaphoreSlim(0);
        var zombie = Sales.Projection(then: _ =>
        {
            waiting.Release();
            wake.Wait(Patience);
        });
        await database.Migrate(zombie);
        var superuser = database.As(LogDatabase.Superuser);
        for (var round = 1; round <= 10; round++)
        {
            await database.Append(50);
            var dead = Task.Run(() => database.Runner(zombie).Run(default));
            Assert.True(await waiting.WaitAsync(Patience));
            Assert.Equal(CaughtUp.BySomeoneElse, await database.Runner(Sales.Projection()).Run(default));
            Assert.Equal(1, await superuser.Cut("state = 'idle in transaction'"));
            await Eventually.Sees(ct => database.Runner(Sales.Projection()).Run(ct), seen => seen == CaughtUp.WithTheLog, Patience);

            wake.Release();
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => dead);

            Assert.Equal((0, 50 * round), (await database.Wrong(), await database.Counted()));
        }
    }

    [Fact]
    public async Task Rows_are_not_kept_when_the_position_is_no_longer_what_it_was()
    {
        var moved = Sales.Projection(then: batch => batch.Add("update mt_event_progression set last_seq_id = last_seq_id + 1"));
        await database.Migrate(moved);
        await database.Append(50);

        Assert.Equal(CaughtUp.BySomeoneElse, await database.Runner(moved).Run(default));

        Assert.Equal((0, 0), (await database.Counted(), await database.Position()));
    }

    [Fact]
    public async Task It_is_woken_by_each_append_and_not_by_the_clock()
    {
        var projection = Sales.Projection();
        await database.Migrate(projection);
        using var enough = new CancellationTokenSource();
        var following = database.Feed.Follow(Never, database.Runner(projection).Run, enough.Token);

        for (var round = 1; round <= 20; round++)
        {
            await database.Append(3);
            await Eventually.Sees(async _ => await database.Counted(), seen => seen == 3 * round, Patience);
        }

        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    [Fact]
    public async Task The_log_may_be_in_another_database_than_the_rows()
    {
        await using var upstream = await LogDatabase.Create();
        var projection = Sales.Projection();
        await database.Migrate(projection);
        await upstream.Fill(3000);
        await database.Append(1); // its own log is not what is asked for

        await database.Runner(projection, upstream.Feed).Run(default);

        Assert.Equal(await upstream.Feed.Head(default), await database.Position());
        Assert.Equal(
            await upstream.Ask("select sum((data ->> 'Amount')::bigint)::bigint from mt_events"),
            await database.Ask("select sum(total)::bigint from probe_sales_v1.product_month"));
        Assert.Equal(3000, await database.Counted());
    }

    private static async Task KeepRunning(ProjectionRunner runner, CancellationToken enough)
    {
        // As the worker does it: whatever the database does, it is tried again.
        while (!enough.IsCancellationRequested)
        {
            try
            {
                await runner.Run(enough);
            }
            catch (Exception e) when (e is OperationCanceledException or NpgsqlException)
            {
                Assert.True(e is not PostgresException { SqlState: not PostgresErrorCodes.AdminShutdown }, e.Message);
            }
        }
    }

    private async Task CaughtUpWithTheLog()
    {
        var head = await database.Feed.Head(default);
        await Eventually.Sees(async _ => await database.Position(), seen => seen == head, Patience);
    }
}
