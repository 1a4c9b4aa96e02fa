using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>The adjustments of a source that count once their transactions do.</summary>
internal static class ReadWaiting
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/sources/{id}/waiting", List).RequirePermission("workspace.read").WithName("ListWaitingAdjustments");

    private static async Task<IResult> List(
        string id, int? limit, string? cursor, [FromKeyedServices("connector")] NpgsqlDataSource database, HttpContext http, CancellationToken ct)
    {
        if (PageAsked.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(wrong);
        var paging = PageAsked.Of(limit, cursor);
        return await Find(database, http.Workspace(), id.Replace("\0", "", StringComparison.Ordinal), paging, ct) is { } found
            ? TypedResults.Ok(paging.Page(found, a => a.Id))
            : Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "There is no such source in this workspace.");
    }

    /// <returns>Null when there is no such source.</returns>
    public static async Task<List<WaitingAdjustment>?> Find(NpgsqlDataSource database, string workspace, string source, PageAsked paging, CancellationToken ct)
    {
        // Why it waits is asked of its transaction, which may have moved since the adjustment was seen.
        const string query = """
            select a.provider_id, a.environment, a.transaction_id, t.status, a.status, t.standing, t.reason, a.created_at, a.updated_at
            from provider_object as a
            left join provider_object as t on t.tenant_id = a.tenant_id and t.environment = a.environment and t.provider_id = a.transaction_id
            where a.source_id = $3 and a.kind = 'adjustment' and a.standing = 'waiting' and ($1::text is null or a.provider_id < $1)
            order by a.provider_id desc limit $2
            """;
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(new("select exists (select from source where id = $1)") { Parameters = { new() { Value = source } } });
        batch.BatchCommands.Add(new(query)
        {
            Parameters =
            {
                new() { Value = (object?)paging.Before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }, new() { Value = paging.Limit + 1 },
                new() { Value = source },
            },
        });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.ReadAsync(ct);
        if (!reader.GetBoolean(0)) return null;
        await reader.NextResultAsync(ct);
        var found = new List<WaitingAdjustment>();
        while (await reader.ReadAsync(ct))
        {
            var isKnown = !await reader.IsDBNullAsync(3, ct);
            Standing? standing = isKnown ? Enum.Parse<Standing>(reader.GetString(5), ignoreCase: true) : null;
            var why = Fresh.WhyItWaits(standing, await reader.IsDBNullAsync(6, ct) ? null : reader.GetString(6));
            found.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), isKnown ? reader.GetString(3) : null, reader.GetString(4), why ?? "next-sync",
                reader.GetFieldValue<DateTimeOffset>(7), reader.GetFieldValue<DateTimeOffset>(8)));
        }
        return found;
    }
}
