using System.Diagnostics;
using Allocora.ServiceDefaults;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>Takes what Paddle sends: it is kept, once, and answered. Whoever reads <c>webhook_event</c> is woken by <c>allocora_webhook</c>.</summary>
internal sealed class TakeWebhook([FromKeyedServices("connector_worker")] NpgsqlDataSource worker, KeyVault vault, TimeProvider time)
{
    public const string Channel = "allocora_webhook";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/webhooks/paddle/{sourceId}", (string sourceId, TakeWebhook take, HttpContext http, CancellationToken ct) =>
            take.Take(sourceId, http, ct)).RequirePermission("webhook.deliver").WithName("TakeWebhook");

    private async Task<IResult> Take(string sourceId, HttpContext http, CancellationToken ct)
    {
        using var raw = new MemoryStream();
        await http.Request.Body.CopyToAsync(raw, ct); // the host refuses more than 1 MiB
        var body = raw.GetBuffer().AsMemory(0, checked((int)raw.Length));
        var header = http.Request.Headers["Paddle-Signature"] is [{ } one] ? one : null;

        var (workspace, secrets) = await Secrets(sourceId, ct);
        var isGenuine = WebhookSignature.IsGenuine(header, body.Span, secrets, time.GetUtcNow());
        foreach (var secret in secrets) secret.Dispose();
        // The same for a source that is not there: nobody learns here which are.
        if (!isGenuine || workspace is null)
            return Problems.Refuse(StatusCodes.Status401Unauthorized, "signature-invalid", "Sign it with a secret of this address, within five minutes.");
        if (WebhookEnvelope.Read(body, out var fault) is not { } envelope) return Problems.Invalid(new FieldError("#", fault));
        await Keep(workspace, sourceId, envelope, ct);
        return TypedResults.Ok();
    }

    private async Task<(string? Workspace, List<Secret> Secrets)> Secrets(string sourceId, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"""
            select s.tenant_id, s.environment, {CredentialRows.SealedColumns}
            from source as s join credential as c on c.tenant_id = s.tenant_id and c.source_id = s.id and c.purpose = 'webhook' and c.state = 'active'
            where s.id = $1 and s.state <> 'disconnected' order by c.version desc
            """);
        command.Parameters.Add(new() { Value = sourceId });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var (workspace, secrets) = ((string?)null, new List<Secret>());
        while (await reader.ReadAsync(ct))
        {
            workspace = reader.GetString(0);
            var (name, kept) = CredentialRows.Read(reader, 2, workspace, sourceId, reader.GetString(1));
            secrets.Add(vault.Open(name, kept));
        }
        return (workspace, secrets);
    }

    // An event that is known wakes nobody.
    private async Task Keep(string workspace, string sourceId, WebhookEnvelope envelope, CancellationToken ct)
    {
        const string insert = $"""
            with kept as (
              insert into webhook_event (
                tenant_id, source_id, event_id, event_type, occurred_at, received_at, entity_id, data, traceparent, handled_at, outcome)
              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, case when $10 then null else $6 end, case when $10 then null else 'ignored' end)
              on conflict do nothing
              returning source_id
            )
            select pg_notify('{Channel}', source_id) from kept
            """;
        await using var command = worker.CreateCommand(insert);
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = sourceId });
        command.Parameters.Add(new() { Value = envelope.Id });
        command.Parameters.Add(new() { Value = envelope.Type });
        command.Parameters.Add(new() { Value = envelope.OccurredAt });
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        command.Parameters.Add(SourceRows.Maybe(envelope.Entity));
        command.Parameters.Add(new() { Value = (object?)envelope.Data ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(SourceRows.Maybe(Activity.Current?.Id));
        command.Parameters.Add(new() { Value = envelope.IsHeeded });
        await command.ExecuteNonQueryAsync(ct);
    }
}
