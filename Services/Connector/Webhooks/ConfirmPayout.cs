using System.Text.Json;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Connector;

/// <summary>A person vouches for a payout that a webhook told of and Paddle's own list does not show.</summary>
internal static class ConfirmPayout
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost($"{ReadSources.Path}/{{id}}/payouts/{{eventId}}/confirm", Handle)
            .RequirePermission("reconciliation.run").WithName(nameof(ConfirmPayout));

    /// <param name="standing">Of the event; null when there is none.</param>
    public static Decision<PayoutConfirmed> Decide(string? standing, PayoutTold? told, string source, string eventId) => standing switch
    {
        null => new Refusal("not-found", "There is no such payout event of this source."),
        "verified" or "confirmed" => Decision.Nothing<PayoutConfirmed>(),
        "unverified" when told is not null => new PayoutConfirmed(source, eventId, told.Id),
        "unverified" => new Refusal("payout-unreadable", "The event does not say of which payout and amount it is."),
        _ => new Refusal("payout-not-looked-up", "Whether Paddle lists this event is still being looked up. Try again in a minute."),
    };

    private static async Task<IResult> Handle(
        string id, string eventId, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, ReadSources sources, TimeProvider time,
        CancellationToken ct)
    {
        var (asking, workspace) = (AskedBy.Of(http), http.Workspace());
        if (await sources.Find(workspace, id, ct) is not { } source) return SourceTold.Of(SourceTold.NotFound);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (standing, told, row) = await Look(connection, transaction, workspace, id, eventId, ct);
        var decision = Decide(standing, told, id, eventId);
        if (decision.Refusal is { } refusal)
            return Problems.Refuse(refusal.Code == "not-found" ? StatusCodes.Status404NotFound : StatusCodes.Status409Conflict, refusal.Code, refusal.Sentence);
        if (decision.Events.Count == 0) return TypedResults.NoContent();

        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            batch.Add("update webhook_event set outcome = 'confirmed', handled_at = clock_timestamp() where source_id = $1 and event_id = $2", id, eventId);
            batch.Add("""
                insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, included, data, at)
                values ($1, $2, $3, '', 0, 0, 'payout', $4, true, $5::jsonb, $6)
                """, workspace, id, source.Environment, told!.Id, JsonSerializer.Serialize(told.Seen(row!, source, verified: true), Canonical.Json),
                row!.OccurredAt);
            await batch.ExecuteNonQueryAsync(ct);
        }
        var key = asking.Command ?? $"confirm {id} {eventId}";
        var happened = ConnectorEvents.Catalog.Seal(decision.Events[0], EventId.Of(workspace, key, 1), time.GetUtcNow(), asking.Origin);
        await EventLog.Append(transaction, [new Entry(workspace, $"source-{id}", key, null, [happened])], ct);
        await transaction.CommitAsync(ct);
        return TypedResults.NoContent();
    }

    private static async Task<(string? Standing, PayoutTold? Told, EventRow? Row)> Look(
        NpgsqlConnection connection, NpgsqlTransaction transaction, string workspace, string source, string eventId, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.Add("""
            select coalesce(outcome, 'waiting'), data, event_type, occurred_at from webhook_event
            where source_id = $1 and event_id = $2 and starts_with(event_type, 'payout.') for update
            """, source, eventId);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) return (null, null, null);
        var told = reader.IsDBNull(1) ? null : ReadPayouts.Read(reader.GetString(1));
        return (reader.GetString(0), told, new(eventId, reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3), told?.Id, told));
    }
}
