using System.Text;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Log;

public sealed class The_schema : IAsyncLifetime
{
    private LogDatabase log = null!;

    public async Task InitializeAsync() => log = await LogDatabase.Create();

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task Is_exactly_what_a_stock_Marten_expects_of_its_own_tables() => Golden.Matches(await Describe("like"), "marten-tables.txt");

    [Fact]
    public async Task Has_beside_them_only_what_we_know_of() => Golden.Matches(await Describe("not like"), "sidecar-tables.txt");

    [Fact]
    public async Task Is_brought_up_once_however_many_start_at_the_same_time()
    {
        var ran = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SchemaInstaller.Migrate(log.Owner, LogDatabase.Schema, default)));

        Assert.All(ran, Assert.Empty);
    }

    [Fact]
    public async Task A_script_that_changed_after_it_ran_is_named()
    {
        await log.Ask("update allocora_script set sha256 = sha256('x') where number = 2");

        var refused = await Assert.ThrowsAsync<SchemaException>(() => SchemaInstaller.Migrate(log.Owner, LogDatabase.Schema, default));

        Assert.Equal("002_sidecars.sql has changed since it ran on probe; write a new script instead.", refused.Message);
    }

    [Fact]
    public async Task A_database_from_the_future_is_left_alone()
    {
        await log.Ask("insert into allocora_script values (999, '999_later.sql', sha256('x'))");

        await Assert.ThrowsAsync<SchemaException>(() => SchemaInstaller.Migrate(log.Owner, LogDatabase.Schema, default));
    }

    /// <param name="marten">Whether their names are like those of Marten's tables, or not like them.</param>
    private async Task<string> Describe(string marten)
    {
        var text = new StringBuilder();
        await using var command = log.Owner.CreateCommand($"""
            select format('%s.%s %s%s%s', table_name, column_name,
              case when character_maximum_length is null then data_type else data_type || '(' || character_maximum_length || ')' end,
              case when is_nullable = 'NO' then ' not null' else '' end,
              coalesce(' default ' || column_default, ''))
            from (select * from information_schema.columns where table_schema = '{LogDatabase.Service}' and table_name {marten} 'mt\_%'
              order by table_name, ordinal_position) c
            union all
            select format('%s constraint %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
            from (select * from pg_constraint where connamespace = '{LogDatabase.Service}'::regnamespace and conrelid::regclass::text {marten} 'mt\_%'
              order by conrelid::regclass::text, conname) k
            union all
            select indexdef from (select * from pg_indexes where schemaname = '{LogDatabase.Service}' and tablename {marten} 'mt\_%' order by indexname) i
            union all
            select format('%s sequence start %s increment %s cache %s', sequencename, start_value, increment_by, cache_size)
            from pg_sequences where schemaname = '{LogDatabase.Service}' and sequencename {marten} 'mt\_%'
            """);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync()) text.AppendLine(reader.GetString(0));
        return text.ToString();
    }
}
