using System.Runtime.CompilerServices;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>An event as a reader finds it; its data is JSON in UTF-8.</summary>
public sealed record StoredEvent(
    long Sequence, Guid Id, string Workspace, string Stream, long Version, string Type, ReadOnlyMemory<byte> Data, DateTimeOffset At,
    string? Headers, string? Correlation, string? Causation);

/// <summary>Reads the log forward. Because appends commit in the order of their numbers, a position is all a reader has to keep.</summary>
public sealed class EventFeed(NpgsqlDataSource source, TimeProvider time)
{
    private const string Columns = "seq_id, id, tenant_id, stream_id, version, type, data, timestamp, headers, correlation_id, causation_id";

    /// <summary>One page of what comes after a position, of all workspaces the role may see or of one.</summary>
    public async IAsyncEnumerable<StoredEvent> After(
        long position, int limit, string? workspace = null, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await using var command = workspace is null
            ? source.CreateCommand($"select {Columns} from mt_events where seq_id > $1 order by seq_id limit $2")
            : source.CreateCommand($"select {Columns} from mt_events where seq_id > $1 and tenant_id = $3 order by seq_id limit $2");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        if (workspace is not null) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = workspace });

        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) yield return Read(reader);
    }

    /// <summary>One stream from its beginning, as a role that may see only the workspace of its transaction, or any other.</summary>
    public async IAsyncEnumerable<StoredEvent> Of(string workspace, string stream, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(OfWorkspace(workspace));
        batch.BatchCommands.Add(new($"select {Columns} from mt_events where tenant_id = $1 and stream_id = $2 order by version")
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = workspace }, new NpgsqlParameter<string> { TypedValue = stream } },
        });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        while (await reader.ReadAsync(ct)) yield return Read(reader);
    }

    /// <summary>Several streams, each from its beginning, as a role that may see them all. In one round trip; what is not there is left out.</summary>
    public async Task<IReadOnlyDictionary<(string Workspace, string Stream), List<StoredEvent>>> Of(
        IReadOnlyCollection<(string Workspace, string Stream)> streams, CancellationToken ct)
    {
        await using var command = source.CreateCommand($"""
            select {Columns} from unnest($1, $2) as w (workspace, stream)
              cross join lateral (select * from mt_events as e where e.tenant_id = w.workspace and e.stream_id = w.stream order by e.version offset 0) as e
            """);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. streams.Select(s => s.Workspace)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. streams.Select(s => s.Stream)] });
        var found = new Dictionary<(string, string), List<StoredEvent>>(streams.Count);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var happened = Read(reader);
            if (!found.TryGetValue((happened.Workspace, happened.Stream), out var stream)) found.Add((happened.Workspace, happened.Stream), stream = []);
            stream.Add(happened);
        }
        return found;
    }

    /// <summary>The position of the last event; 0 in an empty log.</summary>
    public async Task<long> Head(CancellationToken ct)
    {
        await using var command = source.CreateCommand("select coalesce(max(seq_id), 0) from mt_events");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>
    /// Calls <paramref name="read"/> at once, whenever an append notifies, and every <paramref name="atLeastEvery"/>, until it is
    /// cancelled. A lost notification or connection costs time, never an event.
    /// </summary>
    /// <param name="channel">Another one of PostgreSQL's than that of appends.</param>
    public async Task Follow(TimeSpan atLeastEvery, Func<CancellationToken, Task> read, CancellationToken ct, string channel = "allocora_log")
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var listening = await source.OpenConnectionAsync(ct);
                // A constant of the caller's: a channel cannot be a parameter.
                await using (var listen = listening.CreateCommand())
                {
#pragma warning disable CA2100
                    listen.CommandText = $"listen {channel}";
#pragma warning restore CA2100
                    await listen.ExecuteNonQueryAsync(ct);
                }
                while (true)
                {
                    await read(ct);
                    await listening.WaitAsync(atLeastEvery, ct);
                }
            }
            catch (Exception e) when (e is NpgsqlException && !ct.IsCancellationRequested)
            {
                await Task.Delay(atLeastEvery, time, ct);
            }
        }
    }

    /// <summary>Makes what follows in the transaction the workspace's; without a transaction of its own, what follows in the batch.</summary>
    public static NpgsqlBatchCommand OfWorkspace(string workspace) => new("select set_config('app.workspace_id', $1, true)")
    {
        Parameters = { new NpgsqlParameter<string> { TypedValue = workspace } },
    };

    private static StoredEvent Read(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetInt64(4), reader.GetString(5),
        reader.GetFieldValue<byte[]>(6), reader.GetFieldValue<DateTimeOffset>(7), Text(reader, 8), Text(reader, 9), Text(reader, 10));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
