using System.Globalization;
using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>The sources of a workspace, with what may be known of their keys.</summary>
internal sealed class ReadSources(NpgsqlDataSource database, TimeProvider time)
{
    public const string Path = "/api/v1/workspaces/{ws}/sources";
    private const int LimitMax = 200, LimitUsual = 50;

    private const string Details = $"""
        select {SourceRows.Columns}
          , c.masked, c.created_at, c.expires_at
          , (select max(g.grace_until) from credential as g where g.tenant_id = s.tenant_id and g.source_id = s.id and g.state = 'grace')
          , (select count(*) from credential as w where w.tenant_id = s.tenant_id and w.source_id = s.id and w.purpose = 'webhook')
          , s.transactions_since, s.swept_at, s.next_sync_at
          , (select max(r.ended_at) from sync_run as r where r.tenant_id = s.tenant_id and r.source_id = s.id and r.state = 'succeeded')
        from source as s
        left join credential as c on c.tenant_id = s.tenant_id and c.source_id = s.id and c.purpose = 'api-key' and c.state = 'active'
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path, List).RequirePermission("workspace.read").WithName("ListSources");
        routes.MapGet($"{Path}/{{id}}", Get).RequirePermission("workspace.read").WithName("ReadSource");
    }

    public static string TagOf(long version) => $"\"{version.ToString(CultureInfo.InvariantCulture)}\"";

    private static async Task<IResult> List(int? limit, string? cursor, ReadSources sources, HttpContext http, CancellationToken ct)
    {
        if (limit is < 1 or > LimitMax) return Problems.Invalid(new FieldError("limit", $"Give a limit from 1 to {LimitMax}."));
        if (cursor is not null && !NewId.Is("src", cursor)) return Problems.Invalid(new FieldError("cursor", "This is no cursor of this list."));
        var size = limit ?? LimitUsual;
        var found = await sources.Read(new($"{Details} where s.tenant_id = $1 and ($2::text is null or s.id < $2) order by s.id desc limit $3")
        {
            Parameters = { new() { Value = http.Workspace() }, SourceRows.Maybe(cursor), new() { Value = size + 1 } },
        }, http.Workspace(), ct);
        return TypedResults.Ok(found.Count > size
            ? new Page<SourceDetails>([.. found.Take(size)], new(found[size - 1].Id, HasMore: true))
            : new Page<SourceDetails>(found, new(null, HasMore: false)));
    }

    private static async Task<IResult> Get(string id, ReadSources sources, HttpContext http, CancellationToken ct)
    {
        if (await sources.One(http.Workspace(), id, ct) is not { } found) return SourceTold.Of(SourceTold.NotFound);
        http.Response.Headers.ETag = TagOf(found.Version);
        return TypedResults.Ok(found);
    }

    public async Task<SourceDetails?> One(string workspace, string id, CancellationToken ct) =>
        (await Read(new($"{Details} where s.tenant_id = $1 and s.id = $2")
        {
            Parameters = { new() { Value = workspace }, new() { Value = id } },
        }, workspace, ct)).FirstOrDefault();

    /// <summary>The first source that a command finds.</summary>
    public async Task<Source?> First(string workspace, NpgsqlBatchCommand find, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(find);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) ? SourceRows.Read(reader) : null;
    }

    public Task<Source?> Find(string workspace, string id, CancellationToken ct) =>
        First(workspace, new($"select {SourceRows.Columns} from source as s where s.tenant_id = $1 and s.id = $2")
        {
            Parameters = { new() { Value = workspace }, new() { Value = id } },
        }, ct);

    /// <summary>A source as work in the background needs it, whichever workspace's it is.</summary>
    public static async Task<Source?> Load(NpgsqlDataSource worker, string sourceId, CancellationToken ct)
    {
        await using var command = worker.CreateCommand($"select {SourceRows.Columns} from source as s where s.id = $1");
        command.Parameters.Add(new() { Value = sourceId });
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? SourceRows.Read(reader) : null;
    }

    private async Task<List<SourceDetails>> Read(NpgsqlBatchCommand query, string workspace, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.BatchCommands.Add(query);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        var (found, now) = (new List<SourceDetails>(), time.GetUtcNow());
        while (await reader.ReadAsync(ct)) found.Add(Of(reader, now));
        return found;
    }

    private static SourceDetails Of(NpgsqlDataReader row, DateTimeOffset now)
    {
        const int key = SourceRows.Width;
        var source = SourceRows.Read(row);
        var held = row.IsDBNull(key) ? null : new SourceKey(
            row.GetString(key), row.GetFieldValue<DateTimeOffset>(key + 1), (now - row.GetFieldValue<DateTimeOffset>(key + 1)).Days, Time(row, key + 2),
            Time(row, key + 3));
        return new(
            source.Id, source.Name, "paddle", source.Environment, source.Account, source.State, source.StoppedBecause, held,
            held?.ExpiresAt - now <= SourceRules.ExpiresSoon, source.Lacks, source.Terms.Currencies, source.Terms.StartDate, source.IntervalMinutes,
            source.Terms.CustomDataKeys, source.ConnectedAt, new(Time(row, key + 5), Time(row, key + 6), Time(row, key + 8), Time(row, key + 7)),
            $"/api/v1/webhooks/paddle/{source.Id}", checked((int)row.GetInt64(key + 4)), source.Version);
    }

    private static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
