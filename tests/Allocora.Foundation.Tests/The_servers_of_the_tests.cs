using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests;

public sealed class The_servers_of_the_tests
{
    [Fact]
    public async Task A_template_is_prepared_once_however_many_ask_for_it_at_the_same_time()
    {
        var prepared = 0;
        var template = $"template_{Guid.NewGuid():N}";

        var copies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => TestDatabase.Create(template, async address =>
        {
            Interlocked.Increment(ref prepared);
            await Run(address, "create table seen (id int); insert into seen values (1)");
        })));

        Assert.Equal(1, prepared);
        foreach (var copy in copies)
        {
            Assert.Equal(1L, await Count(copy));
            await copy.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_one_class_writes_another_does_not_see()
    {
        Task<TestDatabase> Copy() => TestDatabase.Create("template_isolation", address => Run(address, "create table seen (id int)"));
        await using var one = await Copy();
        await using var two = await Copy();

        await Run(one.ConnectionString, "insert into seen values (1)");

        Assert.Equal((1L, 0L), (await Count(one), await Count(two)));
    }

    [Fact]
    public async Task A_template_whose_preparation_failed_is_not_used()
    {
        var template = $"template_{Guid.NewGuid():N}";
        await Assert.ThrowsAsync<InvalidOperationException>(() => TestDatabase.Create(template, _ => throw new InvalidOperationException()));

        await using var copy = await TestDatabase.Create(template, address => Run(address, "create table seen (id int)"));

        Assert.Equal(0L, await Count(copy));
    }

    [Fact]
    public async Task A_database_is_gone_with_its_class()
    {
        var database = await TestDatabase.Create();
        await Run(database.ConnectionString, "select 1");

        await database.DisposeAsync();

        var gone = await Assert.ThrowsAsync<PostgresException>(() => Run(database.ConnectionString, "select 1"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, gone.SqlState);
    }

    [Fact]
    public async Task PostgreSQL_keeps_what_it_confirmed()
    {
        await using var source = NpgsqlDataSource.Create((await TestServers.Get()).Postgres);
        foreach (var setting in new[] { "fsync", "synchronous_commit", "full_page_writes", "data_checksums" })
        {
            await using var command = source.CreateCommand("select current_setting($1)");
            command.Parameters.Add(new() { Value = setting });
            Assert.Equal("on", await command.ExecuteScalarAsync());
        }
    }

    private static async Task<long> Count(TestDatabase database)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand("select count(*) from seen");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task Run(string address, string statement)
    {
        await using var source = NpgsqlDataSource.Create(address);
        await using var command = source.CreateCommand(statement);
        await command.ExecuteNonQueryAsync();
    }
}
