using Npgsql;

namespace Allocora.Connector.Tests;

public sealed class What_the_database_allows : IAsyncLifetime
{
    private ConnectorDatabase database = null!;

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Every_table_with_a_workspace_is_guarded()
    {
        const string unguarded = """
            select string_agg(c.relname, ', ') from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
            where n.nspname = 'connector' and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)
              and c.relname not in (
                'allocora_script', 'mt_event_progression', 'mt_doc_deadletterevent', 'mt_high_water_skips', 'projection_version', 'projection_current')
            """;
        Assert.Equal(DBNull.Value, await database.Ask(unguarded));
    }

    [Fact]
    public async Task Evidence_cannot_be_changed_by_the_service()
    {
        foreach (var statement in new[]
                 {
                     "update sync_row set outcome = 'accepted'", "delete from sync_row", "update sync_page set rows = 1", "update payload set body = ''",
                     "delete from payload", "update outbox set content = null", "delete from outbox",
                 })
        {
#pragma warning disable CA2100 // the statements above
            await using var command = database.Worker.CreateCommand(statement);
#pragma warning restore CA2100
            var refused = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        }
    }
}
