using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>The register of what rules leave out.</summary>
internal static class ReadSkipped
{
    private const string Path = "/api/v1/workspaces/{ws}/skipped-rows", Reads = "workspace.read";
    private const int FilterMax = 64;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, List).RequirePermission(Reads).WithName("ListSkippedRows");
        routes.MapGet($"{Path}/{{id}}", One).RequirePermission(Reads).WithName("ReadSkippedRow");
    }

    private static async Task<IResult> List(
        string? status, string? reason, string? source, int? limit, string? cursor, [FromKeyedServices("connector")] NpgsqlDataSource database,
        HttpContext http, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        if (status is not (null or "open" or "excluded" or "included")) return Problems.Invalid(new FieldError("status", "Give open, excluded or included."));
        foreach (var (name, value) in new[] { ("reason", reason), ("source", source) })
        {
            if (value is { Length: > FilterMax } || value?.Contains('\0', StringComparison.Ordinal) is true)
                return Problems.Invalid(new FieldError(name, $"No row has this {name}."));
        }
        var paging = Paging.Of(limit, cursor);
        return TypedResults.Ok(paging.Page(await Find(database, http.Workspace(), paging, status, reason, source, ct), r => r.Id));
    }

    private static async Task<IResult> One(string id, [FromKeyedServices("connector")] NpgsqlDataSource database, HttpContext http, CancellationToken ct)
    {
        const string query = $"select {Columns} from skipped_row where id = $1";
        var command = new NpgsqlBatchCommand(query) { Parameters = { Text(id.Replace("\0", "", StringComparison.Ordinal)) } };
        return await Rows(database, http.Workspace(), command, ct) is [var row]
            ? TypedResults.Ok(row)
            : Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "There is no such row in this workspace.");
    }

    public static Task<List<SkippedRow>> Find(
        NpgsqlDataSource database, string workspace, Paging paging, string? status, string? reason, string? source, CancellationToken ct)
    {
        const string query = $"""
            select {Columns} from skipped_row
            where ($1::text is null or id < $1) and ($3::text is null or status = $3) and ($4::text is null or reason = $4)
              and ($5::text is null or source_id = $5)
            order by id desc limit $2
            """;
        var command = new NpgsqlBatchCommand(query)
        {
            Parameters = { Text(paging.Before), new() { Value = paging.Limit + 1 }, Text(status), Text(reason), Text(source) },
        };
        return Rows(database, workspace, command, ct);
    }

    private const string Columns = """
        id, source_id, environment, provider_id, kind, reason, detail, amount, currency, provider_status, occurred_at, status, first_run, last_run, decided_by,
        decided_at, decision_reason
        """;

    private static async Task<List<SkippedRow>> Rows(NpgsqlDataSource database, string workspace, NpgsqlBatchCommand query, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(query);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var rows = new List<SkippedRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
                reader.GetString(6), new(reader.GetInt64(7), Currency.Parse(reader.GetString(8))), reader.GetString(9),
                reader.GetFieldValue<DateTimeOffset>(10),
                reader.GetString(11), reader.GetString(12), reader.GetString(13), await reader.IsDBNullAsync(14, ct) ? null : reader.GetString(14),
                await reader.IsDBNullAsync(15, ct) ? null : reader.GetFieldValue<DateTimeOffset>(15),
                await reader.IsDBNullAsync(16, ct) ? null : reader.GetString(16)));
        }
        return rows;
    }

    private static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };
}
