using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;

namespace Allocora.Connector;

/// <summary>
/// Does something about what Paddle says of a source's own key. That a key is gone is believed once Paddle refuses it: who got hold of a webhook's
/// secret stops nothing by it.
/// </summary>
internal sealed partial class HeedKeyEvents(
    [FromKeyedServices("connector_worker")] NpgsqlDataSource worker, OpenKey keys, AskPaddle paddle, StopSource stop, TimeProvider time,
    ILogger<HeedKeyEvents> logger) : BackgroundService
{
    private const int PageSize = 50;
    private static readonly TimeSpan AtLeastEvery = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var listening = await worker.OpenConnectionAsync(stoppingToken);
                await using (var listen = new NpgsqlCommand($"listen {TakeWebhook.Channel}", listening)) await listen.ExecuteNonQueryAsync(stoppingToken);
                while (true)
                {
                    await Run(stoppingToken);
                    await listening.WaitAsync(AtLeastEvery, stoppingToken);
                }
            }
            catch (NpgsqlException e)
            {
                Failed(e.Message, AtLeastEvery);
                await Task.Delay(AtLeastEvery, time, stoppingToken);
            }
        }
    }

    /// <summary>Heeds what is there. What Paddle does not answer now stays for the next time.</summary>
    public async Task Run(CancellationToken ct)
    {
        foreach (var told in await Open(ct))
        {
            var outcome = await Heed(told, ct);
            if (outcome is null) continue; // nobody else's events wait for it
            await using var command = worker.CreateCommand("""
                update webhook_event set handled_at = $4, outcome = $5 where tenant_id = $1 and source_id = $2 and event_id = $3
                """);
            foreach (var value in new object[] { told.Workspace, told.Source, told.Event, time.GetUtcNow(), outcome })
                command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    private async Task<string?> Heed(Told told, CancellationToken ct)
    {
        if (!told.IsOurs) return "ignored";
        if (told.Type is "api_key.expiring" or "api_key.updated") return await Remember(told, ct) ? "read" : "ignored";
        var because = told.Type switch
        {
            "api_key.revoked" => "key-revoked",
            "api_key.expired" => "key-expired",
            "api_key_exposure.created" => "key-exposed",
            _ => null,
        };
        if (because is null || await ReadSources.Load(worker, told.Source, ct) is not { IsActive: true } source) return "ignored";
        if (await Try(source, "/event-types", ct) is not { } tried) return "ignored";
        if (tried.Outcome is not (Tried.Answered or Tried.KeyRefused)) return null;
        // An exposed key works on for whoever found it. That it was found is believed if Paddle's own list says so.
        if (tried.Outcome == Tried.Answered && !(because == "key-exposed" && await IsListed(source, told.Event, ct))) return "unverified";
        await stop.Stop(source.Workspace, source.Id, because, ct);
        return "verified";
    }

    private async Task<bool> IsListed(Source source, string id, CancellationToken ct)
    {
        const string exposures = "/events?order_by=id[DESC]&per_page=50&event_type=api_key_exposure.created";
        return await Try(source, exposures, ct) is { Outcome: Tried.Answered, Body: var body } && body.TryGetProperty("data", out var events)
            && events.ValueKind == JsonValueKind.Array && events.EnumerateArray().Any(e => EventRow.Read(e)?.Id == id);
    }

    private async Task<TriedCall?> Try(Source source, string path, CancellationToken ct)
    {
        try
        {
            var access = await keys.Open(source, ct);
            using var key = access.Key;
            return await paddle.Try(access, path, ct);
        }
        catch (Exception e) when (e is NoKeyException or CryptographicException)
        {
            NotTried(source.Id, e.Message);
            return null;
        }
    }

    private async Task<bool> Remember(Told told, CancellationToken ct)
    {
        if (told.ExpiresAt is not { } expires) return false;
        await using var command = worker.CreateCommand("""
            update credential set expires_at = $4 where tenant_id = $1 and source_id = $2 and purpose = 'api-key' and key_id = $3
            """);
        foreach (var value in new object[] { told.Workspace, told.Source, told.Key!, expires }) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(ct) > 0;
    }

    private async Task<List<Told>> Open(CancellationToken ct)
    {
        const string query = """
            select e.tenant_id, e.source_id, e.event_id, e.event_type, e.data
              , exists (
                  select from credential as c
                  where c.tenant_id = e.tenant_id and c.source_id = e.source_id and c.purpose = 'api-key' and c.state = 'active'
                    and c.key_id = case when e.event_type like 'api\_key\_exposure.%' then e.data->>'api_key_id' else e.data->>'id' end)
            from webhook_event as e
            where e.handled_at is null and e.event_type like 'api\_key%'
            order by e.received_at limit $1
            """;
        await using var command = worker.CreateCommand(query);
        command.Parameters.Add(new() { Value = PageSize });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var open = new List<Told>();
        while (await reader.ReadAsync(ct))
        {
            using var data = JsonDocument.Parse(reader.GetString(4));
            DateTimeOffset? expires = data.RootElement.TryGetProperty("expires_at", out var time) && time.TryGetDateTimeOffset(out var at)
                ? at.ToUniversalTime()
                : null;
            var key = data.RootElement.TryGetProperty("id", out var id) ? id.GetString() : null;
            open.Add(new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), key, expires, reader.GetBoolean(5)));
        }
        return open;
    }

    [LoggerMessage(LogLevel.Error, "The key of source {Source} could not be tried: {Reason}")]
    private partial void NotTried(string source, string reason);

    [LoggerMessage(LogLevel.Warning, "What Paddle says of keys could not be read and will be in {Pause}: {Reason}")]
    private partial void Failed(string reason, TimeSpan pause);

    private sealed record Told(string Workspace, string Source, string Event, string Type, string? Key, DateTimeOffset? ExpiresAt, bool IsOurs);
}
