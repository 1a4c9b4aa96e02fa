using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>The part of <c>migrate</c> that makes the tables of new versions and drops those nobody goes back to.</summary>
internal static class ProjectionTables
{
    /// <param name="owner">In the transaction of the migration, its path at the service's schema; both stay so.</param>
    public static async Task<IReadOnlyList<string>> Migrate(NpgsqlConnection owner, ServiceSchema schema, CancellationToken ct)
    {
        var done = new List<string>();
        foreach (var versions in schema.Projections.GroupBy(p => p.Name))
        {
            // The newest first: where there was none before it is served at once, and older ones need not be built at all.
            foreach (var projection in versions.OrderByDescending(p => p.Version))
                if (await Make(owner, schema.Service, projection, ct)) done.Add($"{projection} made");
            done.AddRange(await Drop(owner, schema.Service, versions.Key, [.. versions.Select(p => p.Version)], ct));
        }
        return done;
    }

    private static async Task<bool> Make(NpgsqlConnection owner, string service, Projection projection, CancellationToken ct)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(projection.Tables));
        var known = await Ask<byte[]>(owner, "select sha256 from projection_version where name = $1 and version = $2", ct, projection.Name, projection.Version);
        if (known is not null)
        {
            return known.AsSpan().SequenceEqual(hash)
                ? false
                : throw new SchemaException($"The tables of {projection} have changed since they were made; give the projection a new version instead.");
        }
        var served = await Ask<object>(owner, "select version from projection_current where name = $1", ct, projection.Name);
        if (served is int newer && newer > projection.Version) return false;

        var schema = projection.SchemaIn(service);
        await Run(owner, $"create schema {schema}", ct);
        await Run(owner, $"set local search_path to {schema}, {service}, pg_temp", ct);
        await Run(owner, projection.Tables, ct);
        await Check(owner, projection, ct);
        await Run(owner, "select projection_guard()", ct);
        await Run(owner, $"set local search_path to {service}, pg_temp", ct);
        await Run(owner, "insert into mt_event_progression (name, last_seq_id) values ($1, 0)", ct, projection.PositionName);
        await Run(owner, "insert into projection_version (name, version, sha256) values ($1, $2, $3)", ct, projection.Name, projection.Version, hash);
        await Run(owner, "insert into projection_current (name, version) values ($1, $2) on conflict do nothing", ct, projection.Name, projection.Version);
        return true;
    }

    // A table without the column would be one in which every workspace sees every other. A sequence would number the rows of a
    // rebuild differently, and a view reads with the rights of its owner.
    private static async Task Check(NpgsqlConnection owner, Projection projection, CancellationToken ct)
    {
        const string faults = """
            select format('%s %s', c.relname, f.fault)
            from pg_class as c,
              lateral (select case
                when c.relkind <> 'r' then 'is neither a table nor an index'
                when t.attnum is null then 'has no column tenant_id text not null'
                when not exists (select from pg_constraint as k where k.conrelid = c.oid and k.contype = 'p' and t.attnum = any (k.conkey))
                  then 'has no primary key with tenant_id in it'
              end
              from (select) as one
              left join pg_attribute as t
                on t.attrelid = c.oid and t.attname = 'tenant_id' and t.attnotnull and t.atttypid in ('text'::regtype, 'varchar'::regtype)) as f (fault)
            where c.relnamespace = current_schema()::regnamespace and c.relkind <> 'i' and f.fault is not null
            order by c.relname
            """;
        if (await Ask<string>(owner, faults, ct) is { } fault) throw new SchemaException($"The tables of {projection} cannot be used: {fault}.");
        if (!await Ask<bool>(owner, "select exists (select from pg_tables where schemaname = current_schema())", ct))
            throw new SchemaException($"The tables of {projection} cannot be used: there are none, or their statements name another schema.");
    }

    private static async Task<IReadOnlyList<string>> Drop(NpgsqlConnection owner, string service, string name, int[] declared, CancellationToken ct)
    {
        const string outlived = """
            select array_agg(v.version order by v.version)
            from projection_version as v join projection_current as c on c.name = v.name
            where v.name = $1 and v.version < c.version and v.version <> all ($2) and c.switched_at < now() - interval '24 hours'
            """;
        var versions = await Ask<int[]>(owner, outlived, ct, name, declared) ?? [];
        foreach (var version in versions)
        {
            await Run(owner, $"drop schema {Projection.SchemaOf(service, name, version)} cascade", ct);
            await Run(owner, "delete from projection_version where name = $1 and version = $2", ct, name, version);
            await Run(owner, "delete from mt_event_progression where name = $1", ct, Projection.PositionOf(name, version));
        }
        return [.. versions.Select(v => $"{name} v{v} dropped")];
    }

    private static async Task<T?> Ask<T>(NpgsqlConnection connection, string statement, CancellationToken ct, params object[] values)
    {
        await using var command = Command(connection, statement, values);
        return await command.ExecuteScalarAsync(ct) is T answer ? answer : default;
    }

    private static async Task Run(NpgsqlConnection connection, string statement, CancellationToken ct, params object[] values)
    {
        await using var command = Command(connection, statement, values);
        await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string statement, object[] values)
    {
#pragma warning disable CA2100 // statements of this program; names of projections are checked when they are declared
        var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
