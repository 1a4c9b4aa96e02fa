using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Projections;

public sealed class Making_the_tables : IAsyncLifetime
{
    private LogDatabase database = null!;

    public async Task InitializeAsync() => database = await LogDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Is_done_once_and_the_first_version_is_read_at_once()
    {
        Assert.Equal(["sales v1 made"], await database.Migrate(Sales.Projection()));
        Assert.Empty(await database.Migrate(Sales.Projection()));

        Assert.Equal((1, 0), (await database.Served(), await database.Position()));
    }

    [Fact]
    public async Task A_new_version_stands_beside_the_old_one_which_is_still_read()
    {
        await database.Migrate(Sales.Projection());

        Assert.Equal(["sales v2 made"], await database.Migrate(Sales.Projection(1), Sales.Projection(2)));

        Assert.Equal((1, 0, 0), (await database.Served(), await database.Counted(1), await database.Counted(2)));
    }

    [Fact]
    public async Task Where_there_is_none_yet_only_the_newest_version_is_made()
    {
        Assert.Equal(["sales v2 made"], await database.Migrate(Sales.Projection(1), Sales.Projection(2)));

        Assert.Equal(2, await database.Served());
        Assert.Equal(CaughtUp.Never, await database.Runner(Sales.Projection(1)).Run(default));
    }

    [Fact]
    public async Task Statements_that_changed_under_the_same_version_are_refused()
    {
        await database.Migrate(Sales.Projection());
        var changed = new Projection(Sales.Name, 1, Sales.Tables + " -- and more", (_, _) => { });

        var refused = await Assert.ThrowsAsync<SchemaException>(() => database.Migrate(changed));

        Assert.Equal("The tables of sales v1 have changed since they were made; give the projection a new version instead.", refused.Message);
    }

    [Theory]
    [InlineData("create table t (id text primary key)", "t has no column tenant_id text not null")]
    [InlineData("create table t (tenant_id int not null, id text, primary key (tenant_id, id))", "t has no column tenant_id text not null")]
    [InlineData("create table t (tenant_id text, id text primary key)", "t has no column tenant_id text not null")]
    [InlineData("create table t (tenant_id text not null, id text primary key)", "t has no primary key with tenant_id in it")]
    [InlineData("create table t (tenant_id text not null)", "t has no primary key with tenant_id in it")]
    [InlineData("create table t (tenant_id text not null, id bigserial, primary key (tenant_id, id))", "t_id_seq is neither a table nor an index")]
    [InlineData("create view v as select 1 as one", "v is neither a table nor an index")]
    [InlineData("create table probe.t (tenant_id text primary key)", "there are none, or their statements name another schema")]
    public async Task Tables_that_cannot_be_kept_apart_by_workspace_or_built_again_are_refused(string tables, string fault)
    {
        var refused = await Assert.ThrowsAsync<SchemaException>(() => database.Migrate(new Projection("bad", 1, tables, (_, _) => { })));

        Assert.Equal($"The tables of bad v1 cannot be used: {fault}.", refused.Message);
        Assert.Equal(0L, await database.Ask("select count(*) from pg_namespace where nspname like 'probe_bad%'"));
    }

    [Fact]
    public async Task An_old_version_is_dropped_a_day_after_it_was_replaced_and_not_by_a_program_that_has_it()
    {
        var (one, two) = (Sales.Projection(1), Sales.Projection(2));
        await database.Migrate(one);
        await database.Migrate(one, two);
        await database.Runner(two).Run(default);
        Assert.Equal(2, await database.Served());

        await database.Ask("update projection_current set switched_at = now() - interval '23 hours'");
        Assert.Empty(await database.Migrate(two));
        await database.Ask("update projection_current set switched_at = now() - interval '25 hours'");
        Assert.Empty(await database.Migrate(one, two));
        Assert.Equal(["sales v1 dropped"], await database.Migrate(two));

        Assert.Equal(0L, await database.Ask("select count(*) from pg_namespace where nspname = 'probe_sales_v1'"));
        Assert.Equal(CaughtUp.Never, await database.Runner(one).Run(default));
        Assert.Equal(CaughtUp.WithTheLog, await database.Runner(two).Run(default));
    }

    [Fact]
    public async Task A_workspace_sees_its_own_rows_and_nobody_sees_them_without_one()
    {
        await database.Migrate(Sales.Projection());
        await database.Append(5, "ws_1");
        await database.Append(5, "ws_2");
        await database.Runner(Sales.Projection()).Run(default);
        var app = new ProjectionReader(Sales.Schema(Sales.Projection()), Sales.Name, database.As("probe_app"), TimeProvider.System);

        Assert.Equal(["ws_1"], await Seen(app, "ws_1"));
        Assert.Equal(["ws_2"], await Seen(app, "ws_2"));
        Assert.Empty(await Seen(app, "ws_3"));
        Assert.Empty(await Seen(app, null));
        var tail = new ProjectionReader(Sales.Schema(Sales.Projection()), Sales.Name, database.Tail, TimeProvider.System);
        Assert.Equal(["ws_1", "ws_2"], await Seen(tail, null));
        Assert.Equal(0L, await LogDatabase.Ask(database.As("probe_app"), "select count(*) from probe_sales_v1.product_month"));
        Assert.Equal(["true true"], await Column(database.Owner,
            "select relrowsecurity || ' ' || relforcerowsecurity from pg_class where oid = 'probe_sales_v1.product_month'::regclass"));
    }

    [Theory]
    [InlineData("app")]
    [InlineData("tail")]
    public async Task Only_the_worker_writes_them(string role)
    {
        await database.Migrate(Sales.Projection());
        string[] statements =
        [
            "delete from probe_sales_v1.product_month", "update probe_sales_v1.product_month set total = 0",
            "insert into probe_sales_v1.product_month values ('ws_1', 'a', '2026-01-01', 1, 1)", "truncate probe_sales_v1.product_month",
            "update projection_current set version = 2", "update mt_event_progression set last_seq_id = 0", "delete from projection_version",
        ];
        var source = database.As($"probe_{role}");
        foreach (var statement in statements)
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => LogDatabase.Ask(source, statement));
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }

    [Theory]
    [InlineData("Sales", 1)]
    [InlineData("sales\"; drop schema probe", 1)]
    [InlineData("", 1)]
    [InlineData("sales", 0)]
    [InlineData("a_name_that_is_much_longer_than_postgresql_allows_for_identifiers", 1)]
    public void A_name_that_is_no_plain_identifier_is_refused(string name, int version) =>
        Assert.ThrowsAny<ArgumentException>(() => Sales.Schema(new Projection(name, version, "", (_, _) => { })));

    [Fact]
    public void A_version_is_declared_once() => Assert.Throws<ArgumentException>(() => Sales.Schema(Sales.Projection(), Sales.Projection()));

    private static Task<List<string>> Seen(ProjectionReader reader, string? workspace) => reader.Read(
        workspace, (connection, _, _) => Column(connection, "select distinct tenant_id from product_month order by 1"), default);

    private static async Task<List<string>> Column(NpgsqlDataSource source, string query)
    {
        await using var connection = await source.OpenConnectionAsync();
        return await Column(connection, query);
    }

    private static async Task<List<string>> Column(NpgsqlConnection connection, string query)
    {
        await using var command = new NpgsqlCommand(query, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var found = new List<string>();
        while (await reader.ReadAsync()) found.Add(reader.GetString(0));
        return found;
    }
}
