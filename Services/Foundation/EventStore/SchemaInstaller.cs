using Npgsql;

namespace Allocora.EventStore;

/// <summary>Brings a service's schema to the version this program knows: numbered scripts, each once, in order, then projections, under a lock.</summary>
public static class SchemaInstaller
{
    /// <param name="owner">A connection whose role owns the database; see <c>Schema/004_access.sql</c> for the others that must exist.</param>
    /// <returns>The scripts that ran, by name, and what became of projections; nothing when all was done before.</returns>
    public static async Task<IReadOnlyList<string>> Migrate(NpgsqlDataSource owner, ServiceSchema schema, CancellationToken ct)
    {
        var service = schema.Service;
        await using var connection = await owner.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Two that start at once wait for each other; the second finds nothing to do.
        await Run(connection, "select pg_advisory_xact_lock(hashtext('allocora migrate'))", ct);
        await Run(connection, "select set_config('allocora.service', $1, true)", ct, service);
        await BecomeOwner(connection, schema, ct);
        await Run(connection, $"create schema if not exists {service}", ct);
        await Run(connection, $"set local search_path to {service}, pg_temp", ct);
        await Run(connection, "create table if not exists allocora_script (number int primary key, name text not null, sha256 bytea not null)", ct);

        var known = await Known(connection, ct);
        var ran = new List<string>();
        foreach (var script in schema.Scripts)
        {
            if (known.TryGetValue(script.Number, out var hash))
            {
                if (script.Hash.AsSpan().SequenceEqual(hash)) continue;
                throw new SchemaException($"{script.Name} has changed since it ran on {service}; write a new script instead.");
            }
            await Run(connection, script.Text, ct);
            await Run(connection, "insert into allocora_script (number, name, sha256) values ($1, $2, $3)", ct, script.Number, script.Name, script.Hash);
            ran.Add(script.Name);
        }
        if (known.Keys.DefaultIfEmpty().Max() > schema.Version) throw new SchemaException($"The schema of {service} is newer than this program knows.");
        ran.AddRange(await ProjectionTables.Migrate(connection, schema, ct));
        await transaction.CommitAsync(ct);
        return ran;
    }

    /// <summary>
    /// What a superuser makes would be a superuser's, and the append function runs with its owner's rights. So whoever migrates
    /// acts as the owner, and makes the roles first where nobody has.
    /// </summary>
    private static async Task BecomeOwner(NpgsqlConnection connection, ServiceSchema schema, CancellationToken ct)
    {
        var service = schema.Service;
        await Run(connection, """
            do $$
            declare
              owner text := current_setting('allocora.service') || '_owner';
              stranger text := (select t.schemaname from pg_tables as t
                where t.tablename = 'allocora_script' and t.schemaname <> current_setting('allocora.service') limit 1);
            begin
              if stranger is not null then
                raise exception 'this database holds the schema of %, and each service has a database of its own', stranger;
              end if;
              if not exists (select from pg_roles where rolname = owner) then
                execute format('create role %I nologin', owner);
              end if;
              if not has_database_privilege(owner, current_database(), 'create') then
                execute format('grant create on database %I to %I', current_database(), owner);
              end if;
            end
            $$
            """, ct);
        foreach (var role in new[] { $"{service}_app", $"{service}_worker", $"{service}_tail" }.Concat(schema.OtherRoles))
        {
            await Run(connection, $"""
                do $$
                begin
                  if not exists (select from pg_roles where rolname = '{role}') then
                    create role {role} nologin;
                  end if;
                end
                $$
                """, ct);
        }
        await Run(connection, $"set local role {service}_owner", ct);
    }

    private static async Task<Dictionary<int, byte[]>> Known(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("select number, sha256 from allocora_script", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var known = new Dictionary<int, byte[]>();
        while (await reader.ReadAsync(ct)) known.Add(reader.GetInt32(0), reader.GetFieldValue<byte[]>(1));
        return known;
    }

    private static async Task Run(NpgsqlConnection connection, string statement, CancellationToken ct, params object[] values)
    {
#pragma warning disable CA2100 // scripts and statements of this program; service names are its own constants
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>The schema cannot be brought to this program's version.</summary>
public sealed class SchemaException(string message) : Exception(message);
