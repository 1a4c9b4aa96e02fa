using System.Collections.Concurrent;
using System.Threading.Channels;
using Npgsql;

namespace Allocora.Console;

/// <summary>Keeps when each key was last used, to the minute, without a request waiting for it.</summary>
internal sealed partial class LastUses(NpgsqlDataSource worker, TimeProvider time, ILogger<LastUses> logger) : BackgroundService
{
    private const int WaitingMax = 1000, RememberedMax = 10_000;
    private static readonly TimeSpan NotedEvery = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<string, DateTimeOffset> noted = new();
    private readonly Channel<(string Workspace, string Key, DateTimeOffset At)> waiting =
        Channel.CreateBounded<(string, string, DateTimeOffset)>(new BoundedChannelOptions(WaitingMax) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Note(string workspace, string key)
    {
        var now = time.GetUtcNow();
        if (noted.TryGetValue(key, out var last) && now - last < NotedEvery) return;
        if (noted.Count >= RememberedMax) noted.Clear();
        noted[key] = now;
        waiting.Writer.TryWrite((workspace, key, now));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var used in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await using var command = worker.CreateCommand("""
                    insert into api_key_used as u (tenant_id, key, last_used_at) values ($1, $2, $3)
                    on conflict (tenant_id, key) do update set last_used_at = greatest(u.last_used_at, excluded.last_used_at)
                    """);
                command.Parameters.Add(new() { Value = used.Workspace });
                command.Parameters.Add(new() { Value = used.Key });
                command.Parameters.Add(new() { Value = used.At });
                await command.ExecuteNonQueryAsync(stoppingToken);
            }
            catch (NpgsqlException e)
            {
                NotKept(used.Key, e.SqlState ?? e.GetType().Name);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "When {Key} was used could not be kept ({Kind}); its next use will be")]
    private partial void NotKept(string key, string kind);
}
