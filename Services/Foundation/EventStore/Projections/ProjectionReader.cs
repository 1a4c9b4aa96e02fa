using System.Data;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>
/// Reads a projection in the version that is served: of those this program declares, the newest that is not newer than the one in
/// place, so a release that is rolled back reads what it knows.
/// </summary>
public sealed class ProjectionReader(ServiceSchema schema, string name, NpgsqlDataSource source, TimeProvider time)
{
    // A version that was replaced stays for a day, so to have the wrong one in mind for a moment does no harm.
    private static readonly TimeSpan KnownFor = TimeSpan.FromSeconds(1), LookAgainMax = TimeSpan.FromMilliseconds(50);
    private readonly int[] declared = [.. schema.Projections.Where(p => p.Name == name).Select(p => p.Version)];
    private Known? known;

    /// <summary>
    /// Runs a query that sees one moment of one version, its tables by their plain names. It is told which version that is, for
    /// when two that a program declares do not have the same columns.
    /// </summary>
    /// <param name="workspace">The workspace to read; null for none, or for all if the role may.</param>
    public async Task<T> Read<T>(string? workspace, Func<NpgsqlConnection, int, CancellationToken, Task<T>> query, CancellationToken ct)
    {
        var version = await Version(ct);
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        const string settings = """
            select set_config('search_path', $1, true), set_config('app.workspace_id', $2, true), set_config('transaction_read_only', 'on', true)
            """;
        await using (var set = new NpgsqlCommand(settings, connection))
        {
            set.Parameters.Add(new() { Value = $"{Projection.SchemaOf(schema.Service, name, version)}, {schema.Service}, pg_temp" });
            set.Parameters.Add(new() { Value = workspace ?? "" });
            await set.ExecuteNonQueryAsync(ct);
        }
        var answer = await query(connection, version, ct);
        await transaction.CommitAsync(ct);
        return answer;
    }

    /// <summary>Waits until what is read has reached an event, for as long as the timeout allows, and says whether it has.</summary>
    public async Task<bool> WaitUntil(long sequence, TimeSpan timeout, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(2); ; pause = pause * 2 < LookAgainMax ? pause * 2 : LookAgainMax)
        {
            // Looked up anew each time: what is read after this must not be a version that was left behind.
            if ((await Look(ct)).Position >= sequence) return true;
            var left = timeout - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return false;
            await Task.Delay(pause < left ? pause : left, time, ct);
        }
    }

    private async Task<int> Version(CancellationToken ct) =>
        known is { } seen && time.GetElapsedTime(seen.At) < KnownFor ? seen.Version : (await Look(ct)).Version;

    private async Task<Known> Look(CancellationToken ct)
    {
        const string query = """
            select v.version, coalesce(p.last_seq_id, 0)
            from projection_current as c,
              lateral (select coalesce(max(k.version), c.version) from projection_version as k
                where k.name = $1 and k.version <= c.version and k.version = any ($2)) as v (version)
              left join mt_event_progression as p on p.name = $1 || ':v' || v.version
            where c.name = $1
            """;
        var at = time.GetTimestamp();
        await using var command = source.CreateCommand(query);
        command.Parameters.Add(new() { Value = name });
        command.Parameters.Add(new() { Value = declared });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) throw new SchemaException($"There are no tables for {name}; run migrate.");
        return known = new(reader.GetInt32(0), reader.GetInt64(1), at);
    }

    private sealed record Known(int Version, long Position, long At);
}
