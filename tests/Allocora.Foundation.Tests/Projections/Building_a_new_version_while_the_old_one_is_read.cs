using System.Collections.Concurrent;
using System.Text;
using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Projections;

public sealed class Building_a_new_version_while_the_old_one_is_read : IAsyncLifetime
{
    private static readonly int Events = TestSize.Of(1_000_000);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200), Patience = TimeSpan.FromMinutes(15);
    private readonly ConcurrentBag<Read> reads = [];
    private LogDatabase database = null!;

    private sealed record Read(int Version, long Rows, long RowsAgain, long Sales, long LeastSign, long GreatestSign);

    public async Task InitializeAsync() => database = await LogDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Fails_no_read_and_ends_with_the_same_rows()
    {
        var (one, two) = (Sales.Projection(1), Sales.Projection(2));

        await Replace(one, two);

        Assert.Equal((0, 0), (await database.Wrong(1), await database.Wrong(2)));
        Assert.Equal(2, reads.Select(r => r.Version).Distinct().Count());
    }

    [Fact]
    public async Task Shows_each_reader_one_of_them_whole()
    {
        // The old one counts up, the new one down.
        var (one, two) = (Sales.Projection(1, amount: _ => 1), Sales.Projection(2, amount: _ => -1, sameRows: false));

        await Replace(one, two);

        Assert.Equal(2, reads.Select(r => r.Version).Distinct().Count());
        Assert.All(reads, r => Assert.Equal((r.Rows, r.Version == 1 ? 1L : -1L, r.LeastSign), (r.RowsAgain, r.LeastSign, r.GreatestSign)));
        Assert.Equal(0L, await database.Ask("""
            select count(*) from probe_sales_v1.product_month as a full join probe_sales_v2.product_month as b using (tenant_id, product, month)
            where a.total is distinct from -b.total
            """));
    }

    [Fact]
    public async Task Is_refused_when_the_sums_are_not_the_same_and_the_old_one_is_kept_up()
    {
        var (one, wrong) = (Sales.Projection(1), Sales.Projection(2, amount: sale => sale.Product == "pro_42" ? sale.Amount + 1 : sale.Amount));
        await database.Migrate(one);
        await database.Fill(5000);
        await database.Runner(one).Run(default);
        await database.Migrate(one, wrong);

        var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(() => database.Runner(wrong).Run(default));

        Assert.Matches("^sales v2 does not take over from v1: the [0-9]+ rows of product_month are not the same.$", refused.Message);
        await database.Append(10);
        await database.Runner(one).Run(default);
        Assert.Equal((1, 0), (await database.Served(), await database.Wrong()));
        await Assert.ThrowsAsync<ProjectionRefusedException>(() => database.Runner(wrong).Run(default));
        Assert.Equal(1, await database.Served());
    }

    [Theory]
    [InlineData("delete from product_month where product = 'pro_3' and month = '2026-10-01'", "product_month has 4 rows instead of 5")]
    [InlineData("update product_month set product = 'pro_9' where product = 'pro_3'", "the 5 rows of product_month are not the same")]
    [InlineData("update product_month set total = total + 1 where product = 'pro_0'", "the 5 rows of product_month are not the same")]
    public async Task Is_refused_for_a_single_row(string damage, string difference)
    {
        var (one, wrong) = (Sales.Projection(1), Sales.Projection(2, then: batch => batch.Add(damage)));
        await database.Migrate(one);
        await database.Append(50);
        await database.Runner(one).Run(default);
        await database.Migrate(one, wrong);

        var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(() => database.Runner(wrong).Run(default));

        Assert.Equal($"sales v2 does not take over from v1: {difference}.", refused.Message);
        Assert.Equal((1, 0), (await database.Served(), await database.Position(2)));
    }

    [Fact]
    public async Task Is_refused_when_a_column_was_added_under_the_same_meaning()
    {
        const string more = "alter table product_month add note text;";
        var two = new Projection(Sales.Name, 2, Sales.Tables + more, Sales.Projection().Apply) { SameRows = true };
        await database.Migrate(Sales.Projection());
        await database.Migrate(Sales.Projection(), two);

        var refused = await Assert.ThrowsAsync<ProjectionRefusedException>(() => database.Runner(two).Run(default));

        Assert.Equal("sales v2 does not take over from v1: its tables are not the same.", refused.Message);
    }

    [Fact]
    public async Task Repairs_one_that_has_stopped()
    {
        var broken = Sales.Projection(1);
        await database.Migrate(broken);
        await database.Append(200);
        await database.Append(1, amount: "not-a-number");
        await database.Append(200);
        await Assert.ThrowsAsync<ProjectionStoppedException>(() => database.Runner(broken).Run(default));
        var repaired = new Projection(Sales.Name, 2, Sales.Tables, (page, batch) => broken.Apply([.. page.Select(Repair)], batch)) { SameRows = true };
        await database.Migrate(broken, repaired);

        Assert.Equal(CaughtUp.WithTheLog, await database.Runner(repaired).Run(default));

        Assert.Equal((2, 401), (await database.Served(), await database.Counted(2)));
    }

    [Fact]
    public async Task Stays_behind_the_old_one_while_that_is_not_kept_up()
    {
        var (one, two) = (Sales.Projection(1), Sales.Projection(2));
        await database.Migrate(one);
        await database.Fill(3000);
        await database.Runner(one).Run(default);
        await database.Append(500);
        await database.Migrate(two); // a release that has forgotten the old one

        await database.Runner(two).Run(default);

        Assert.Equal((2, 3000, 3500, 0), (await database.Served(), await database.Counted(1), await database.Counted(2), await database.Wrong(2)));
    }

    private static StoredEvent Repair(StoredEvent happened)
    {
        var repaired = Encoding.UTF8.GetString(happened.Data.Span).Replace("\"not-a-number\"", "0", StringComparison.Ordinal);
        return happened with { Data = Encoding.UTF8.GetBytes(repaired) };
    }

    private async Task Replace(Projection one, Projection two)
    {
        await database.Migrate(one);
        await database.Fill(Events);
        await database.Runner(one).Run(default);
        await database.Migrate(one, two);

        using var stopRunners = new CancellationTokenSource();
        using var stopOthers = new CancellationTokenSource();
        Task[] runners = [.. new[] { one, two, two }.Select(p => database.Feed.Follow(Soon, database.Runner(p).Run, stopRunners.Token))];
        Task[] others = [Write(stopOthers.Token), KeepReading(one, two, stopOthers.Token), KeepReading(one, two, stopOthers.Token)];
        await Eventually.Sees(async _ => await database.Served(), seen => seen == 2, Patience);
        var before = reads.Count(r => r.Version == 2);
        await Eventually.Sees(() => reads.Count(r => r.Version == 2), seen => seen > before + 20, Patience);
        await stopOthers.CancelAsync();
        await Task.WhenAll(others); // a read that failed shows here

        var head = await database.Feed.Head(default);
        await Eventually.Sees(async _ => (await database.Position(1), await database.Position(2)), seen => seen == (head, head), Patience);
        await stopRunners.CancelAsync();
        foreach (var runner in runners) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner);
    }

    private async Task Write(CancellationToken enough)
    {
        while (!enough.IsCancellationRequested) await database.Append(5);
    }

    private async Task KeepReading(Projection one, Projection two, CancellationToken enough)
    {
        var reader = new ProjectionReader(Sales.Schema(one, two), Sales.Name, database.As("probe_app"), TimeProvider.System);
        while (!enough.IsCancellationRequested) reads.Add(await reader.Read("ws_1", Look, CancellationToken.None));
    }

    private static async Task<Read> Look(NpgsqlConnection connection, int version, CancellationToken ct)
    {
        await using var all = new NpgsqlCommand(
            "select count(*), sum(sales)::bigint, min(sign(total))::bigint, max(sign(total))::bigint from product_month", connection);
        await using var reader = await all.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        var (rows, sales, least, greatest) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
        await reader.DisposeAsync();
        await using var again = new NpgsqlCommand("select count(*) from product_month", connection);
        return new(version, rows, (long)(await again.ExecuteScalarAsync(ct))!, sales, least, greatest);
    }
}
