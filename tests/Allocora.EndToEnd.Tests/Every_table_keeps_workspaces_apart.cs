using Npgsql;

namespace Allocora.EndToEnd.Tests;

/// <summary>The databases of the running system, as their catalogs describe them and as each role that signs in meets them.</summary>
[Collection(nameof(SharedSystem))]
public sealed class Every_table_keeps_workspaces_apart(SharedSystem system)
{
    private const string Unset = "";

    /// <summary>Tables that hold nothing of any workspace, and why; a new one has to be put here by somebody who has thought of it.</summary>
    private static readonly Dictionary<string, string> WithoutWorkspace = new()
    {
        ["allocora_script"] = "which scripts ran",
        ["mt_doc_deadletterevent"] = "of the log's format, and never written",
        ["mt_event_progression"] = "how far each projection is",
        ["mt_high_water_skips"] = "of the log's format, and never written",
        ["projection_current"] = "which tables of a projection are read",
        ["projection_version"] = "which tables of a projection there are",
        ["attempt_started"] = "message ids, for the worker alone: what has failed often may not even be readable",
        ["dead_letter"] = "messages that failed, of which some belong to no workspace: it has a column and a policy of its own",
        ["connector.sync_lease"] = "who works on which source; for the worker alone",
        ["connector.rate_budget"] = "calls from an address, whoever's key they carry; for the worker alone",
        ["connector.rate_call"] = "calls from an address, whoever's key they carry; for the worker alone",
        ["console.person"] = "people belong to any number of workspaces; for the worker alone",
        ["console.session"] = "of people; for the worker alone",
        ["console.spent_link"] = "numbers drawn by chance; for the worker alone",
        ["console.protection_key"] = "sealed keys, each ring for its service",
    };

    /// <summary>Tables of workspaces whose key is the place in the log, of which there is one for all.</summary>
    private static readonly string[] KeyedByPlace = ["mt_events", "allocora_seal"];

    public static TheoryData<string> Databases => [.. SharedSystem.AllServices];

    [Theory, MemberData(nameof(Databases))]
    public async Task By_forced_row_level_security_and_in_its_key(string database)
    {
        var tables = await Tables(database);
        var with = tables.Where(t => t.HasTenant).ToList();
        Assert.True(with.Count >= 5, $"only {with.Count} tables of workspaces");

        Assert.Empty(with.Where(t => !t.IsForced).Select(t => $"{t.Name} is not under forced row-level security"));
        Assert.Empty(with.Where(t => !t.TenantInKey && !KeyedByPlace.Contains(t.Name.Split('.')[1]))
            .Select(t => $"{t.Name} has no tenant_id in its primary key"));
        Assert.Empty(tables.Where(t => !t.HasTenant && !WithoutWorkspace.ContainsKey(t.Name) && !WithoutWorkspace.ContainsKey(t.Name.Split('.')[1]))
            .Select(t => $"{t.Name} has no tenant_id and is not on the list"));
        Assert.Empty(tables.Where(t => t.Owner != $"{database}_owner").Select(t => $"{t.Name} belongs to {t.Owner}"));
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task From_a_role_that_was_not_told_a_workspace_and_from_one_that_was_told_another(string database)
    {
        var others = await Rows(system.Superuser(database), database, Unset, "tenant_id <> $1");
        if (database == "console") Assert.True(others.Values.Sum() > 10, "there is nothing of another workspace that could be seen");

        Assert.All(await Rows(system.AddressOf(database, $"{database}_app"), database, Unset, "$1 = $1"), t => Assert.Equal(0, t.Value));
        Assert.All(await Rows(system.AddressOf(database, $"{database}_app"), database, system.Demo, "tenant_id <> $1"), t => Assert.Equal(0, t.Value));
        if (database == "console")
            Assert.True((await Rows(system.AddressOf(database, "console_app"), database, system.Demo, "tenant_id = $1")).Values.Sum() > 10,
                "it does not see its own");
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task From_whoever_would_become_somebody_else(string database)
    {
        foreach (var role in await Roles(database))
        {
            var held = await Ask(system.Superuser(database), """
                select format('super %s, bypass %s, roles %s, databases %s, replication %s, member of %s, owns %s', rolsuper, rolbypassrls, rolcreaterole
                  , rolcreatedb, rolreplication, (select count(*) from pg_auth_members where member = r.oid)
                  , (select count(*) from pg_shdepend where refobjid = r.oid and deptype = 'o'))
                from pg_roles as r where rolname = $1
                """, role);
            Assert.Equal("super f, bypass f, roles f, databases f, replication f, member of 0, owns 0", held);

            var address = system.AddressOf(database, role);
            foreach (var become in new[] { $"{database}_owner", $"{database}_worker", "allocora", "postgres" }.Where(other => other != role))
            {
                Assert.Contains(await Refusal(address, $"set role {become}"), new[] { "42501", "22023" });
                Assert.Contains(await Refusal(address, $"set session authorization {become}"), new[] { "42501", "22023" });
            }
            foreach (var foreign in SharedSystem.AllServices.Where(s => s != database && !role.StartsWith($"{database}_inner",
                StringComparison.Ordinal)).Append("postgres"))
                Assert.Equal("42501", await Refusal(new NpgsqlConnectionStringBuilder(address) { Database = foreign }.ConnectionString, "select 1"));
        }
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task From_whoever_would_change_the_tables(string database)
    {
        foreach (var role in await Roles(database))
        {
            var address = system.AddressOf(database, role);
            foreach (var statement in new[]
            {
                $"create table {database}.mine (id int)", "create table public.mine (id int)", "create temporary table mine (id int)", "create schema mine",
                $"alter table {database}.mt_events disable row level security", $"drop table {database}.mt_events", $"truncate {database}.mt_events",
                $"create policy mine on {database}.mt_events using (true)", $"create index mine on {database}.mt_events (seq_id)",
                $"alter table {database}.mt_events owner to {role}", "create extension pg_trgm", "create role mine", $"alter role {role} bypassrls",
            })
                Assert.True(await Refusal(address, statement, "set default_transaction_read_only = off") == "42501", $"{role} may: {statement}");
        }
    }

    [Theory, MemberData(nameof(Databases))]
    public async Task From_a_role_that_only_reads(string database)
    {
        var address = system.AddressOf(database, $"{database}_tail");
        foreach (var table in await Tables(database))
        {
            foreach (var statement in new[] { $"insert into {table.Name} default values", $"delete from {table.Name}" })
            {
                Assert.Equal("25006", await Refusal(address, statement));
                Assert.True(await Refusal(address, statement, "set default_transaction_read_only = off") == "42501", $"{database}_tail may: {statement}");
            }
        }
    }

    [Fact]
    public async Task And_each_service_from_the_keys_of_the_others()
    {
        var rings = await Ask(system.Superuser("console"), "select string_agg(distinct ring, ' ' order by ring) from console.protection_key");
        Assert.Equal("console inner/calculation inner/connector inner/ledger inner/statements", rings);
        foreach (var service in SharedSystem.AllServices.Where(s => s != "console"))
        {
            var address = system.AddressOf("console", $"console_inner_{service}");
            Assert.Equal($"inner/{service}", await Ask(address, "select string_agg(distinct ring, ' ') from console.protection_key"));
            foreach (var table in (await Tables("console")).Where(t => t.Name != "console.protection_key"))
                Assert.Equal("42501", await Refusal(address, $"select * from {table.Name}"));
            Assert.Equal("42501", await Refusal(address, "delete from console.protection_key", "set default_transaction_read_only = off"));
        }
    }

    private async Task<List<string>> Roles(string database)
    {
        var roles = (string)(await Ask(system.Superuser(database),
            "select string_agg(rolname, ' ' order by rolname) from pg_roles where rolcanlogin and starts_with(rolname, $1)", $"{database}_"))!;
        Assert.Contains($"{database}_app", roles, StringComparison.Ordinal);
        return [.. roles.Split(' ')];
    }

    private async Task<List<Table>> Tables(string database)
    {
        const string catalog = """
            select n.nspname || '.' || c.relname, c.relrowsecurity and c.relforcerowsecurity, pg_get_userbyid(c.relowner)
              , a.attnum is not null, coalesce(a.attnum = any (i.indkey), false)
            from pg_class as c
            join pg_namespace as n on n.oid = c.relnamespace
            left join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
            left join pg_index as i on i.indrelid = c.oid and i.indisprimary
            where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema') order by 1
            """;
        await using var source = NpgsqlDataSource.Create(system.Superuser(database));
        await using var command = source.CreateCommand(catalog);
        await using var reader = await command.ExecuteReaderAsync();
        var tables = new List<Table>();
        while (await reader.ReadAsync())
            tables.Add(new(reader.GetString(0), reader.GetBoolean(1), reader.GetString(2), reader.GetBoolean(3), reader.GetBoolean(4)));
        return tables;
    }

    /// <summary>How many rows of each table of workspaces somebody sees; none where they may not look at all.</summary>
    private async Task<Dictionary<string, long>> Rows(string address, string database, string workspace, string which)
    {
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        if (workspace != Unset) await Execute(connection, "select set_config('app.workspace_id', $1, false)", workspace);
        var seen = new Dictionary<string, long>();
        foreach (var table in (await Tables(database)).Where(t => t.HasTenant))
        {
            if (await Execute(connection, "select has_table_privilege($1, 'select')", table.Name) is not true) continue;
            seen[table.Name] = (long)(await Execute(connection, $"select count(*) from {table.Name} where {which}", system.Demo))!;
        }
        return seen;
    }

    private static async Task<string> Refusal(string address, string statement, string? before = null)
    {
        try
        {
            await using var connection = new NpgsqlConnection(address);
            await connection.OpenAsync();
            if (before is not null) await Execute(connection, before);
            // Whatever is let through is not kept.
            await Execute(connection, "begin");
            await Execute(connection, statement);
            return "nothing";
        }
        catch (PostgresException e)
        {
            return e.SqlState;
        }
    }

    private static async Task<object?> Ask(string address, string question, params object[] values)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return await Execute(connection, question, values);
    }

    private static async Task<object?> Execute(NpgsqlConnection connection, string statement, params object[] values)
    {
#pragma warning disable CA2100 // statements of this test, with names of the catalog
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync();
    }

    private sealed record Table(string Name, bool IsForced, string Owner, bool HasTenant, bool TenantInKey);
}
