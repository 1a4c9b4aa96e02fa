using Allocora.EventStore;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>Has the books of every workspace checked once a day, one after the other.</summary>
internal sealed partial class CheckNightly(
    CheckBooks books, [FromKeyedServices("ledger_worker")] NpgsqlDataSource worker, TimeProvider time, ILogger<CheckNightly> logger) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(10), Every = TimeSpan.FromHours(24);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                foreach (var workspace in await Due(stoppingToken)) await Check(workspace, stoppingToken);
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException && !stoppingToken.IsCancellationRequested)
            {
                NotChecked("any workspace", e.GetType().Name, Look);
            }
        }
    }

    // The trouble of one keeps no other from being checked.
    private async Task Check(string workspace, CancellationToken ct)
    {
        try
        {
            await books.Check(workspace, ct);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or UnreadableEventException && !ct.IsCancellationRequested)
        {
            NotChecked(workspace, e.GetType().Name, Look);
        }
    }

    private async Task<List<string>> Due(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select h.tenant_id from allocora_head as h left join invariant_check as c using (tenant_id)
            where c.checked_at is null or c.checked_at < $1 order by c.checked_at nulls first
            """);
        command.Parameters.Add(new() { Value = time.GetUtcNow() - Every });
        var due = new List<string>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) due.Add(reader.GetString(0));
        return due;
    }

    [LoggerMessage(LogLevel.Warning, "The books of {Workspace} could not be checked and will be in {Look}: {Reason}")]
    private partial void NotChecked(string workspace, string reason, TimeSpan look);
}
