using Npgsql;

namespace Allocora.Connector;

/// <summary>Throws away each key that was followed by another, once the time it was kept for is over.</summary>
internal sealed partial class ForgetOldKeys(
    [FromKeyedServices("connector_worker")] NpgsqlDataSource worker, TimeProvider time, ILogger<ForgetOldKeys> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Regularly.Do(Pause, Run, e => Failed(e.Message, Pause), time, stoppingToken);

    public async Task<int> Run(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("delete from credential where state = 'grace' and grace_until <= $1");
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        return await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(LogLevel.Warning, "Old keys of sources could not be thrown away and will be in {Pause}: {Reason}")]
    private partial void Failed(string reason, TimeSpan pause);
}
