using Allocora.Contracts.Events;
using Allocora.EventStore;
using Npgsql;

namespace Allocora.Connector;

/// <summary>
/// A run has succeeded once the Ledger's log holds its end, and with it all the run brought. Nothing else waits for that log: while it
/// does not answer, runs go on being read and told.
/// </summary>
internal sealed class SettleRuns(NpgsqlDataSource worker, NpgsqlDataSource ledger, TimeProvider time) : BackgroundService
{
    private const int StreamsAtOnce = 500;
    private static readonly EventCatalog Catalog = new EventCatalog().Add<SyncRunEnded>();
    private static readonly string Ended = Catalog.Versions.Keys.Single();
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly EventFeed log = new(ledger, time);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => log.Follow(LookEvery, Look, stoppingToken);

    private async Task Look(CancellationToken ct)
    {
        foreach (var some in (await Delivering(ct)).Chunk(StreamsAtOnce))
        {
            var streams = await log.Of([.. some.Select(r => (r.Workspace, StreamOf(r.Run)))], ct);
            var there = some.Where(r => streams.TryGetValue((r.Workspace, StreamOf(r.Run)), out var stream) && stream.Any(e => e.Type == Ended)).ToList();
            if (there.Count > 0) await Succeed(there, ct);
        }
    }

    private static string StreamOf(string run) => $"run-{run}";

    private async Task<List<(string Workspace, string Run)>> Delivering(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("select tenant_id, id from sync_run where state = 'delivering'");
        await using var reader = await command.ExecuteReaderAsync(ct);
        var runs = new List<(string, string)>();
        while (await reader.ReadAsync(ct)) runs.Add((reader.GetString(0), reader.GetString(1)));
        return runs;
    }

    private async Task Succeed(List<(string Workspace, string Run)> runs, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            update sync_run as r set state = 'succeeded', ended_at = clock_timestamp() from unnest($1::text[], $2::text[]) as e (workspace, run)
            where r.tenant_id = e.workspace and r.id = e.run and r.state = 'delivering'
            """);
        command.Parameters.Add(new() { Value = runs.Select(r => r.Workspace).ToArray() });
        command.Parameters.Add(new() { Value = runs.Select(r => r.Run).ToArray() });
        await command.ExecuteNonQueryAsync(ct);
    }
}
