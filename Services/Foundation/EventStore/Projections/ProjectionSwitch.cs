using System.Buffers;
using System.Security.Cryptography;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>A version was built and is not served, because its rows are not those of the version before it.</summary>
public sealed class ProjectionRefusedException(string message) : Exception(message);

/// <summary>Puts a version in the place of the one that is served, when both stand at the same event and it holds what it promised.</summary>
internal sealed class ProjectionSwitch(Projection projection, string service)
{
    private sealed record Table(string Name, string Columns, string Key);

    /// <summary>Keeps the served version where it is until the transaction ends, and says where that is; null when another one is served now.</summary>
    public static async Task<long?> Hold(NpgsqlConnection connection, string name, int served, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new("select from projection_current where name = $1 and version = $2 for update")
                {
                    Parameters = { new() { Value = name }, new() { Value = served } },
                },
                // Waits for the page that is being written.
                new("select last_seq_id from mt_event_progression where name = $1 for update")
                {
                    Parameters = { new() { Value = Projection.PositionOf(name, served) } },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) ? reader.GetInt64(0) : throw new SchemaException($"{name} v{served} is served and has no position.");
    }

    public async Task To(NpgsqlConnection connection, int served, CancellationToken ct)
    {
        if (projection.SameRows && await Difference(connection, served, ct) is { } difference)
            throw new ProjectionRefusedException($"{projection} does not take over from v{served}: {difference}.");
        await using var command = new NpgsqlCommand("update projection_current set version = $2, switched_at = now() where name = $1", connection)
        {
            Parameters = { new() { Value = projection.Name }, new() { Value = projection.Version } },
        };
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<string?> Difference(NpgsqlConnection connection, int served, CancellationToken ct)
    {
        var (before, after) = (Projection.SchemaOf(service, projection.Name, served), projection.SchemaIn(service));
        var tables = await Tables(connection, before, ct);
        if (!tables.SequenceEqual(await Tables(connection, after, ct))) return "its tables are not the same";
        foreach (var table in tables)
        {
            var (rows, hash) = await Read(connection, before, table, ct);
            var (rowsAfter, hashAfter) = await Read(connection, after, table, ct);
            if (rows != rowsAfter) return $"{table.Name} has {rowsAfter} rows instead of {rows}";
            if (!hash.AsSpan().SequenceEqual(hashAfter)) return $"the {rows} rows of {table.Name} are not the same";
        }
        return null;
    }

    private static async Task<List<Table>> Tables(NpgsqlConnection connection, string schema, CancellationToken ct)
    {
        const string query = """
            select c.relname,
              (select string_agg(quote_ident(a.attname), ', ' order by a.attname)
               from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
              (select string_agg(quote_ident(a.attname), ', ' order by k.n)
               from pg_constraint as p, unnest(p.conkey) with ordinality as k (attnum, n), pg_attribute as a
               where p.conrelid = c.oid and p.contype = 'p' and a.attrelid = c.oid and a.attnum = k.attnum)
            from pg_class as c
            where c.relnamespace = $1::regnamespace and c.relkind = 'r'
            order by c.relname
            """;
        await using var command = new NpgsqlCommand(query, connection) { Parameters = { new() { Value = schema } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        var tables = new List<Table>();
        while (await reader.ReadAsync(ct)) tables.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return tables;
    }

    // Row by row through here, so its size does not matter.
    private static async Task<(long Rows, byte[] Hash)> Read(NpgsqlConnection connection, string schema, Table table, CancellationToken ct)
    {
        await using var rows = await connection.BeginRawBinaryCopyAsync(
            $"""copy (select {table.Columns} from {schema}."{table.Name}" order by {table.Key}) to stdout (format binary)""", ct);
        using var sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        for (int read; (read = await rows.ReadAsync(buffer, ct)) > 0;) sum.AppendData(buffer, 0, read);
        ArrayPool<byte>.Shared.Return(buffer);
        await rows.DisposeAsync();
        return (await Count(connection, schema, table, ct), sum.GetHashAndReset());
    }

    private static async Task<long> Count(NpgsqlConnection connection, string schema, Table table, CancellationToken ct)
    {
#pragma warning disable CA2100 // names of this program's own declarations
        await using var command = new NpgsqlCommand($"""select count(*) from {schema}."{table.Name}" """, connection);
#pragma warning restore CA2100
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
