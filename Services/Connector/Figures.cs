using Npgsql;

namespace Allocora.Connector;

/// <summary>What is to be known of the whole service at a glance, whichever instance did the work.</summary>
/// <param name="Freshness">Of the source whose transactions were read the longest ago; null when none is active.</param>
/// <param name="OldestUntold">How long the oldest message has waited for the broker.</param>
internal sealed record FiguresRead(TimeSpan? Freshness, IReadOnlyDictionary<string, long> ToReview, long Untold, TimeSpan OldestUntold);

/// <summary>Reads the figures now and then, for the gauges to show. One instance does, for those of several would be added up.</summary>
internal sealed partial class Figures(
    [FromKeyedServices("connector_worker")] NpgsqlDataSource worker, TimeProvider time, ILogger<Figures> logger) : BackgroundService
{
    private const string Lock = "figures";
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);

    public static async Task<FiguresRead> Read(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                // A source that was never read to its end is as old as its connection.
                new("""
                    select greatest(max(clock_timestamp() - coalesce(transactions_since, connected_at)), '0') from source where state = 'active'
                    having count(*) > 0
                    """),
                new("select reason, count(*) from skipped_row where status = 'open' group by reason"),
                new("select count(*), coalesce(greatest(clock_timestamp() - min(at), '0'), '0') from outbox where sent_at is null"),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        TimeSpan? freshness = await reader.ReadAsync(ct) ? reader.GetTimeSpan(0) : null;
        await reader.NextResultAsync(ct);
        var toReview = new Dictionary<string, long>();
        while (await reader.ReadAsync(ct)) toReview.Add(reader.GetString(0), reader.GetInt64(1));
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        return new(freshness, toReview, reader.GetInt64(0), reader.GetTimeSpan(1));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await Lead(timer, stoppingToken);
            }
            catch (NpgsqlException e)
            {
                NotRead(e.SqlState ?? "no answer");
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // Whoever has the lock keeps it as long as its connection lives.
    private async Task Lead(PeriodicTimer timer, CancellationToken ct)
    {
        await using var connection = await worker.OpenConnectionAsync(ct);
        if (!await Ask(connection, "select pg_try_advisory_lock(hashtext($1))", ct)) return;
        try
        {
            do ConnectorTelemetry.Figures[this] = await Read(connection, ct);
            while (await timer.WaitForNextTickAsync(ct));
        }
        finally
        {
            // What is not read any more is not shown either.
            ConnectorTelemetry.Figures.TryRemove(this, out _);
            if (connection.State == System.Data.ConnectionState.Open) await Ask(connection, "select pg_advisory_unlock(hashtext($1))", CancellationToken.None);
        }
    }

    private static async Task<bool> Ask(NpgsqlConnection connection, string question, CancellationToken ct)
    {
#pragma warning disable CA2100 // questions of this file
        await using var command = new NpgsqlCommand(question, connection) { Parameters = { new() { Value = Lock } } };
#pragma warning restore CA2100
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Warning, "The figures of all sources could not be read and will be ({Reason})")]
    private partial void NotRead(string reason);
}
