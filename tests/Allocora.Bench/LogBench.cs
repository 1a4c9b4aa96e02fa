using System.Diagnostics;
using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Bench;

/// <summary>How fast the log takes and proves events, with fsync on.</summary>
internal static class LogBench
{
    private const int Calls = 20, PerCall = 1000;
    private static readonly string Body = $$"""{"Total":{"Amount":"1999","Currency":"USD"},"Padding":"{{new string('x', 640)}}"}""";

    public static async Task<IReadOnlyList<Figure>> Run()
    {
        await using var log = await LogDatabase.Create();
        var superuser = log.As(LogDatabase.Superuser); // row-level security refuses COPY to anybody else
        var append = await Figure.Measure(
            "append with dedupe and seal, 1,000 a call", "ev/s", Calls * PerCall, 0.65, () => Copy(superuser), () => Append(log.Log));
        return [append, await ProjectionBench.Run(), await Verification(log)];
    }

    // What it is held against is not another program but the minute it may take.
    private static async Task<Figure> Verification(LogDatabase log)
    {
        const int events = 1_000_000, perCall = 5000;
        for (var call = 0; call < events / perCall; call++) await log.Log.Append([.. Entries(perCall, "ws_million")], CancellationToken.None);
        var started = Stopwatch.GetTimestamp();
        var verification = await new Seal(log.Tail).Verify("ws_million", CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        if (verification is not { Ok: true, Events: events }) throw new InvalidOperationException($"The log is not what was written: {verification}.");
        return new("verification of 1,000,000 events, of a minute", "ev/s", events / 60.0, events / seconds, 1);
    }

    private static async Task Append(EventStore.EventLog log)
    {
        for (var call = 0; call < Calls; call++)
        {
            await log.Append([.. Entries(PerCall, "ws_bench")], CancellationToken.None);
        }
    }

    private static IEnumerable<Entry> Entries(int count, string workspace) =>
        from _ in Enumerable.Range(0, count)
        let id = Guid.CreateVersion7()
        let happened = new NewEvent(id, "transaction_recorded", "Bench", Body, DateTimeOffset.UnixEpoch)
        select new Entry(workspace, $"paddle-live-{id}", $"paddle/live/{id}/a", null, [happened]);

    // The same rows into both of Marten's tables, one transaction a call, the foreign key on; no keys and no seal.
    private static async Task Copy(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        for (var call = 0; call < Calls; call++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            var ids = Enumerable.Range(0, PerCall).Select(_ => Guid.CreateVersion7()).ToArray();
            await using (var streams = await connection.BeginBinaryImportAsync(
                "copy mt_streams (tenant_id, id, version, timestamp) from stdin (format binary)"))
            {
                foreach (var id in ids)
                {
                    await streams.StartRowAsync();
                    await streams.WriteAsync("ws_bench");
                    await streams.WriteAsync($"paddle-live-{id}");
                    await streams.WriteAsync(1L);
                    await streams.WriteAsync(DateTimeOffset.UnixEpoch, NpgsqlDbType.TimestampTz);
                }
                await streams.CompleteAsync();
            }
            await CopyEvents(connection, ids);
            await transaction.CommitAsync();
        }
    }

    private static async Task CopyEvents(NpgsqlConnection connection, Guid[] ids)
    {
        const string numbers = "select min(n) from (select nextval('mt_events_sequence') n from generate_series(1, $1)) s";
        await using var reserve = new NpgsqlCommand(numbers, connection)
        {
            Parameters = { new() { Value = ids.Length } },
        };
        var next = (long)(await reserve.ExecuteScalarAsync())!;
        await using var events = await connection.BeginBinaryImportAsync(
            "copy mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, is_archived) from stdin (format binary)");
        foreach (var id in ids)
        {
            await events.StartRowAsync();
            await events.WriteAsync(next++);
            await events.WriteAsync(id);
            await events.WriteAsync($"paddle-live-{id}");
            await events.WriteAsync(1L);
            await events.WriteAsync(Body, NpgsqlDbType.Jsonb);
            await events.WriteAsync("transaction_recorded");
            await events.WriteAsync(DateTimeOffset.UnixEpoch, NpgsqlDbType.TimestampTz);
            await events.WriteAsync("ws_bench");
            await events.WriteAsync("Bench");
            await events.WriteAsync(false);
        }
        await events.CompleteAsync();
    }
}
