using Npgsql;

namespace Allocora.AppHost;

/// <summary>Makes the databases and the roles that sign in to them; done again, it changes nothing but the passwords.</summary>
internal static class Provision
{
    private const string IsOurs = "select exists (select from pg_database where datname = $1 and pg_get_userbyid(datdba) = $1 || '_owner')";

    /// <param name="readers">Roles of other services, which get nothing but what the owner gives them.</param>
    public static async Task Database(
        string superuser, DatabaseResource database, IReadOnlyList<string> readers, Func<string, string> passwordOf, CancellationToken ct)
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(superuser);
            await using var connection = await source.OpenConnectionAsync(ct);
            await Role(connection, database.OwnerRole, "nologin", ct);
            if (!await Exists(connection, "select exists (select from pg_database where datname = $1)", database.Name, ct))
            {
                await Execute(connection, "create database %1$I", database.Name, "", ct);
                await Execute(connection, "alter database %1$I owner to %2$I", database.Name, database.OwnerRole, ct);
                await Execute(connection, "revoke all on database %1$I from public", database.Name, "", ct);
            }
            else if (!await Exists(connection, IsOurs, database.Name, ct))
            {
                throw new StartFailure($"PostgreSQL already has a database {database.Name} that is not Allocora's; give a server without one.");
            }
            foreach (var role in new[] { database.AppRole, database.WorkerRole, database.TailRole }.Concat(readers))
            {
                await Role(connection, role, "login", ct);
                await Execute(connection, "alter role %1$I password %2$L", role, passwordOf(role), ct);
                await Execute(connection, "grant connect on database %1$I to %2$I", database.Name, role, ct);
            }
            // What only reads must not be able to keep anything, not even a temporary table.
            foreach (var role in readers.Append(database.TailRole))
                await Execute(connection, "alter role %1$I set default_transaction_read_only = on", role, "", ct);
        }
        catch (PostgresException e)
        {
            throw new StartFailure($"PostgreSQL does not let us set up the database {database.Name}: {e.MessageText} ({e.SqlState}).");
        }
        catch (NpgsqlException)
        {
            throw new StartFailure($"PostgreSQL stopped answering while the database {database.Name} was set up.");
        }
    }

    /// <summary>Keeps the services' roles out of the databases every PostgreSQL comes with; only on a server of our own.</summary>
    public static async Task CloseCommonDatabases(string superuser, CancellationToken ct)
    {
        await using var source = NpgsqlDataSource.Create(superuser);
        await using var connection = await source.OpenConnectionAsync(ct);
        foreach (var name in new[] { "postgres", "template1" })
            await Execute(connection, "revoke connect, temporary on database %1$I from public", name, "", ct);
    }

    private static async Task Role(NpgsqlConnection connection, string role, string kind, CancellationToken ct)
    {
        if (await Exists(connection, "select exists (select from pg_roles where rolname = $1)", role, ct)) return;
        await Execute(connection, $"create role %1$I {kind}", role, "", ct);
    }

    private static async Task<bool> Exists(NpgsqlConnection connection, string question, string name, CancellationToken ct)
    {
#pragma warning disable CA2100 // questions of this file; the name is a parameter
        await using var command = new NpgsqlCommand(question, connection) { Parameters = { new() { Value = name } } };
#pragma warning restore CA2100
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    // These statements take no parameters, so PostgreSQL itself does the quoting.
    private static async Task Execute(NpgsqlConnection connection, string form, string first, string second, CancellationToken ct)
    {
        await using var quote = new NpgsqlCommand("select format($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = form }, new() { Value = first }, new() { Value = second } },
        };
        var statement = (string)(await quote.ExecuteScalarAsync(ct))!;
#pragma warning disable CA2100 // quoted by format()
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(ct);
    }
}
