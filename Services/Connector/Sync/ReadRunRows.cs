using System.Globalization;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>What became of each row of a run, in the order in which they were read.</summary>
internal static class ReadRunRows
{
    private const int LimitMax = 200, LimitUsual = 50;

    public static void MapReadRunRows(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/sync-runs/{run}/rows", Handle).RequirePermission("workspace.read").WithName(nameof(ReadRunRows));

    private static async Task<IResult> Handle(
        string run, string? outcome, int? limit, string? cursor, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database,
        CancellationToken ct)
    {
        if (limit is < 1 or > LimitMax) return Problems.Invalid(new FieldError("limit", $"Give a limit from 1 to {LimitMax}."));
        if (outcome is not null && !Enum.GetValues<RowOutcome>().Any(o => Words.Of(o) == outcome))
            return Problems.Invalid(new FieldError("outcome", $"Give one of {string.Join(", ", Enum.GetValues<RowOutcome>().Select(o => Words.Of(o)))}."));
        if (!TryRead(cursor, out var after)) return Problems.Invalid(new FieldError("cursor", "This is no cursor of this list."));
        if (await ReadRuns.One(database, http.Workspace(), run, ct) is null) return ReadRuns.NotThere();

        var wanted = limit ?? LimitUsual;
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(http.Workspace()));
        batch.Add("""
            select w.page_no, w.row_no, p.lane, w.kind, w.provider_id, w.outcome, w.reason, w.status, w.updated_at, w.content, w.released, p.at
            from sync_row as w join sync_page as p on p.tenant_id = w.tenant_id and p.run_id = w.run_id and p.no = w.page_no
            where w.tenant_id = $1 and w.run_id = $2 and ($3::text is null or w.outcome = $3) and (w.page_no, w.row_no) > ($4, $5)
            order by w.page_no, w.row_no limit $6
            """, http.Workspace(), run, outcome, after.Page, after.Row, wanted + 1);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var rows = new List<SyncRowDetails>();
        while (await reader.ReadAsync(ct)) rows.Add(Of(reader));
        var hasMore = rows.Count > wanted;
        if (hasMore) rows.RemoveAt(wanted);
        return TypedResults.Ok(new Page<SyncRowDetails>(rows, new(hasMore ? $"{rows[^1].Page}-{rows[^1].Row}" : null, hasMore)));
    }

    private static SyncRowDetails Of(NpgsqlDataReader reader)
    {
        return new(
            reader.GetInt64(0), reader.GetInt32(1), Words.Of(Enum.Parse<Lane>(reader.GetString(2))), reader.GetString(3), Text(4), reader.GetString(5), Text(6),
            Text(7),
            reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
            reader.IsDBNull(9) ? null : Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(9)), reader.GetBoolean(10),
            reader.GetFieldValue<DateTimeOffset>(11));

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    private static bool TryRead(string? cursor, out (long Page, int Row) after)
    {
        after = (0, 0);
        if (cursor is null) return true;
        var isPlace = cursor.Split('-') is [var page, var row] && long.TryParse(page, NumberStyles.None, CultureInfo.InvariantCulture, out after.Page)
            && int.TryParse(row, NumberStyles.None, CultureInfo.InvariantCulture, out after.Row);
        return isPlace;
    }
}
