namespace Allocora.Console.Tests;

/// <summary>What the database does for itself, whatever a statement of ours forgets.</summary>
public sealed class Keeping_workspaces_apart_in_the_database
{
    private const string OfWorkspaces = """
        select c.oid, c.relname, c.relrowsecurity and c.relforcerowsecurity as is_forced
        from pg_class as c join pg_namespace as n on n.oid = c.relnamespace join pg_attribute as a on a.attrelid = c.oid
        where starts_with(n.nspname, 'console') and c.relkind in ('r', 'p') and a.attname = 'tenant_id' and not a.attisdropped
        """;

    [Fact]
    public async Task Every_table_of_workspaces_shows_a_program_the_rows_of_one()
    {
        await using var database = await ConsoleDatabase.Create();

        Assert.Equal(DBNull.Value, await database.Ask($"select string_agg(relname, ', ') from ({OfWorkspaces}) as t where not is_forced"));
        Assert.Equal(DBNull.Value, await database.Ask($"""
            select string_agg(relname || ': ' || polname, ', ') from ({OfWorkspaces}) as t join pg_policy as p on p.polrelid = t.oid
            where 'console_app'::regrole = any (polroles) and
              (pg_get_expr(polqual, polrelid) not like '%app.workspace_id%' or pg_get_expr(polwithcheck, polrelid) not like '%app.workspace_id%')
            """));
        Assert.Equal(DBNull.Value, await database.Ask($"""
            select string_agg(relname, ', ') from ({OfWorkspaces}) as t join pg_policy as p on p.polrelid = t.oid where polroles @> array[0::oid]
            """));
        foreach (var table in new[] { "idempotency", "api_key_used", "mt_events", "member", "entry" })
            Assert.True((long)(await database.Ask($"select count(*) from ({OfWorkspaces}) as t where relname = '{table}'"))! > 0, table);
    }

    [Fact]
    public async Task The_names_of_requests_are_those_of_one_workspace()
    {
        await using var database = await ConsoleDatabase.Create();
        await database.Ask("""
            insert into idempotency (tenant_id, caller, key, fingerprint, state, run, started_at, lease_until)
            select ws, 'usr_1', 'k-1', '', 'running', 'idr_1', now(), now() from unnest(array['ws_1', 'ws_2']) as ws
            """);
        await database.Ask("grant select, insert on idempotency to console_app");
        await using var app = EventStore.Database.Source(new(database.AddressOf("console_app")), "console");
        async Task<object?> Seen(string workspace)
        {
            await using var connection = await app.OpenConnectionAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = "select set_config('app.workspace_id', $1, false)";
            command.Parameters.Add(new() { Value = workspace });
            await command.ExecuteNonQueryAsync();
            command.Parameters.Clear();
            command.CommandText = "select string_agg(tenant_id, ',') from idempotency";
            return await command.ExecuteScalarAsync();
        }

        Assert.Equal(("ws_1", "ws_2", DBNull.Value), (await Seen("ws_1"), await Seen("ws_2"), await Seen("")));
    }
}
