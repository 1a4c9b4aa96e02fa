using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>What was seen of one object: each version of its payload, and each row that showed it.</summary>
internal static class ReadEvidence
{
    private const int VersionsMax = 50, SightsMax = 200;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/sources/objects/{id}", Handle).RequirePermission("revenue.read").WithName(nameof(ReadEvidence));

    private static async Task<IResult> Handle(string id, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, CancellationToken ct)
    {
        foreach (var environment in new[] { "live", "sandbox" })
        {
            if (IsPlain(id) && await Read(database, http.Workspace(), environment, id, ct) is { } evidence) return TypedResults.Ok(evidence);
        }
        return Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "No object of this id was seen in this workspace.");
    }

    private static bool IsPlain(string id) => id.Length <= 64 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static async Task<ObjectEvidence?> Read(NpgsqlDataSource database, string workspace, string environment, string id, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(workspace));
        batch.Add("""
            select kind, source_id, status, standing, reason, transaction_id, updated_at from provider_object
            where tenant_id = $1 and environment = $2 and provider_id = $3
            """, workspace, environment, id);
        // Paddle's clock shows seconds; of two versions in one the rows that showed them know the order.
        batch.Add("""
            select p.content, p.seen_at, p.body from payload as p left join lateral (
                select w.run_id, w.page_no, w.row_no from sync_row as w where w.tenant_id = $1 and w.provider_id = $3 and w.content = p.content
                order by w.run_id, w.page_no, w.row_no limit 1) as f on true
            where p.tenant_id = $1 and p.environment = $2 and p.provider_id = $3
            order by p.seen_at desc, f.run_id desc, f.page_no desc, f.row_no desc, p.content limit $4
            """, workspace, environment, id, VersionsMax + 1);
        batch.Add("""
            select w.run_id, w.page_no, w.row_no, p.lane, w.outcome, w.reason, w.content, w.released, p.at
            from sync_row as w join sync_page as p on p.tenant_id = w.tenant_id and p.run_id = w.run_id and p.no = w.page_no
              join sync_run as r on r.tenant_id = w.tenant_id and r.id = w.run_id join source as s on s.tenant_id = r.tenant_id and s.id = r.source_id
            where w.tenant_id = $1 and s.environment = $2 and w.provider_id = $3 order by w.run_id desc, w.page_no desc, w.row_no desc limit $4
            """, workspace, environment, id, SightsMax + 1);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) return null;
        var found = new ObjectEvidence(
            environment, id, reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), Text(reader, 4), Text(reader, 5),
            reader.GetFieldValue<DateTimeOffset>(6), [], false, [], false);
        await reader.NextResultAsync(ct);
        var payloads = new List<Kept>();
        while (await reader.ReadAsync(ct)) payloads.Add(Kept.Read(reader));
        await reader.NextResultAsync(ct);
        var sights = new List<ObjectSight>();
        while (await reader.ReadAsync(ct)) sights.Add(Sight(reader));
        payloads.Reverse();
        var versions = payloads.Select((p, at) => new PayloadVersion(
            Convert.ToHexStringLower(p.Content), p.SeenAt, p.Payload, at == 0 ? [] : Differences.Between(payloads[at - 1].Payload, p.Payload)));
        var (more, many) = (payloads.Count > VersionsMax, sights.Count > SightsMax);
        return found with
        {
            Versions = [.. versions.Skip(more ? 1 : 0)],
            HasMoreVersions = more,
            Sights = [.. sights.Take(SightsMax)],
            HasMoreSights = many,
        };
    }

    private static ObjectSight Sight(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetInt64(1), reader.GetInt32(2), Words.Of(Enum.Parse<Lane>(reader.GetString(3))), reader.GetString(4), Text(reader, 5),
        reader.IsDBNull(6) ? null : Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(6)), reader.GetBoolean(7),
        reader.GetFieldValue<DateTimeOffset>(8));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private sealed record Kept(byte[] Content, DateTimeOffset SeenAt, JsonElement Payload)
    {
        public static Kept Read(NpgsqlDataReader reader)
        {
            using var document = JsonDocument.Parse(PayloadText.Decompress(reader.GetFieldValue<byte[]>(2)));
            return new(reader.GetFieldValue<byte[]>(0), reader.GetFieldValue<DateTimeOffset>(1), document.RootElement.Clone());
        }
    }
}
