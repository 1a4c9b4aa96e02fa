using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>What is known of the payouts of a source, and how well: the newest first.</summary>
internal static class ReadPayouts
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet($"{ReadSources.Path}/{{id}}/payouts", List).RequirePermission("workspace.read").WithName("ListPayouts");

    private static async Task<IResult> List(
        string id, int? limit, string? cursor, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        var paging = Paging.Of(limit, cursor);
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(http.Workspace()));
        batch.Add("select id from source where id = $1", id);
        batch.Add("""
            select event_id, event_type, occurred_at, data, coalesce(outcome, 'waiting') from webhook_event
            where source_id = $1 and starts_with(event_type, 'payout.') and data is not null and ($2::text is null or event_id < $2)
            order by event_id desc limit $3
            """, id, paging.Before, paging.Limit + 1);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) return SourceTold.Of(SourceTold.NotFound);
        await reader.NextResultAsync(ct);
        var found = new List<PayoutTellings>();
        while (await reader.ReadAsync(ct))
        {
            if (Read(reader.GetString(3)) is not { } payout) continue; // what is no payout was told by a webhook and is believed by nobody
            found.Add(new(
                reader.GetString(0), payout.Id, payout.Status, payout.Amount, payout.RemittanceReference, reader.GetFieldValue<DateTimeOffset>(2),
                reader.GetString(4)));
        }
        return TypedResults.Ok(paging.Page(found, p => p.EventId));
    }

    public static PayoutTold? Read(string data)
    {
        using var document = JsonDocument.Parse(data);
        return PayoutTold.Read(document.RootElement);
    }
}
