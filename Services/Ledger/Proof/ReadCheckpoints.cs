using System.Globalization;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Ledger;

/// <summary>The signed heads of a workspace, for whoever keeps a copy of their own.</summary>
internal static class ReadCheckpoints
{
    private const string Query = """
        select seq_id, events, chain, at, key_id, signature from allocora_signed_head
        where tenant_id = $1 and ($2::bigint is null or seq_id < $2) order by seq_id desc limit $3
        """;

    public static void MapReadCheckpoints(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/ledger/checkpoints", Handle).RequirePermission("revenue.read").WithName(nameof(ReadCheckpoints));

    private static async Task<Results<Ok<LedgerCheckpoints>, ProblemHttpResult>> Handle(
        int? limit, string? cursor, HttpContext http, [FromKeyedServices("ledger")] NpgsqlDataSource database, HeadKey key, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        var before = 0L;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problems.Invalid(new FieldError("cursor", "This is no cursor of this list."));
        var paging = Paging.Of(limit, cursor);
        var page = paging.Page(
            await Find(database, http.Workspace(), cursor is null ? null : before, paging.Limit + 1, ct),
            c => c.Sequence.ToString(CultureInfo.InvariantCulture));
        return TypedResults.Ok(new LedgerCheckpoints(page.Data, page.End, new(key.Id, key.PublicPem)));
    }

    private static async Task<List<LedgerCheckpoint>> Find(NpgsqlDataSource database, string workspace, long? before, int limit, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(new(Query)
        {
            Parameters =
            {
                new() { Value = workspace }, new() { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint }, new() { Value = limit },
            },
        });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var found = new List<LedgerCheckpoint>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(new(
                reader.GetInt64(0), reader.GetInt64(1), Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(2)), reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetString(4), Convert.ToBase64String(reader.GetFieldValue<byte[]>(5))));
        }
        return found;
    }
}
