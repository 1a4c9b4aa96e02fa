using Npgsql;

namespace Allocora.Testing;

/// <summary>A database of a test class's own, copied from a template that is prepared once for all who name it.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string superuser;

    private TestDatabase(string superuser, string name)
    {
        (this.superuser, Name) = (superuser, name);
        ConnectionString = new NpgsqlConnectionStringBuilder(superuser) { Database = name }.ConnectionString;
    }

    public string Name { get; }

    public string ConnectionString { get; }

    /// <param name="template">Names what <paramref name="prepare"/> makes; the same name must always mean the same content.</param>
    /// <param name="prepare">Fills the template; it gets a superuser's connection string to it.</param>
    /// <param name="superuser">Of another server than the one all tests share.</param>
    public static async Task<TestDatabase> Create(string? template = null, Func<string, Task>? prepare = null, string? superuser = null)
    {
        superuser ??= (await TestServers.Get()).Postgres;
        await using var source = NpgsqlDataSource.Create(superuser);
        if (template is not null && prepare is not null) await Prepare(source, superuser, template, prepare);

        var name = $"test_{Guid.NewGuid():N}";
        await Execute(source, $"create database {name} template {template ?? "template1"}");
        return new(superuser, name);
    }

    public async ValueTask DisposeAsync()
    {
        await using var source = NpgsqlDataSource.Create(superuser);
        NpgsqlConnection.ClearPool(new NpgsqlConnection(ConnectionString));
        await Execute(source, $"drop database if exists {Name} with (force)");
    }

    // Test programs run side by side: whoever gets the lock prepares, the others find it done.
    private static async Task Prepare(NpgsqlDataSource source, string superuser, string template, Func<string, Task> prepare)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using (var claim = new NpgsqlCommand("select pg_advisory_lock(hashtext($1))", connection) { Parameters = { new() { Value = template } } })
            await claim.ExecuteNonQueryAsync();
        await using var find = new NpgsqlCommand("select exists (select from pg_database where datname = $1)", connection)
        {
            Parameters = { new() { Value = template } },
        };
        if ((bool)(await find.ExecuteScalarAsync())!) return;

        // Renamed when done, so that a template whose preparation failed is not taken for a good one.
        var half = $"half_{Guid.NewGuid():N}";
        await Execute(source, $"create database {half}");
        var address = new NpgsqlConnectionStringBuilder(superuser) { Database = half, Pooling = false }.ConnectionString;
        await prepare(address);
        await Execute(source, $"alter database {half} rename to {template}");
        await Execute(source, $"alter database {template} is_template true");
    }

    private static async Task Execute(NpgsqlDataSource source, string statement)
    {
#pragma warning disable CA2100 // names made here; these statements take no parameters
        await using var command = source.CreateCommand(statement);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
