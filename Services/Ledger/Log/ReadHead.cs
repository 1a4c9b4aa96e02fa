using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>How far a workspace's log has come, and what it looked like when its head was last signed.</summary>
internal static class ReadHead
{
    private const string Query = """
        select h.seq_id, h.events, h.chain, s.seq_id, s.events, s.chain, s.at, s.key_id, s.signature
        from allocora_head as h
        left join lateral (select * from allocora_signed_head as s where s.tenant_id = h.tenant_id order by s.seq_id desc limit 1) as s on true
        where h.tenant_id = $1
        """;

    public static void MapReadHead(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/ledger/head", Handle).RequirePermission("revenue.read").WithName(nameof(ReadHead));

    private static async Task<Ok<LedgerHead>> Handle(
        HttpContext http, [FromKeyedServices("ledger")] NpgsqlDataSource source, CancellationToken ct)
    {
        await using var batch = source.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(http.Workspace()));
        batch.BatchCommands.Add(new(Query) { Parameters = { new NpgsqlParameter<string> { TypedValue = http.Workspace() } } });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        if (!await reader.ReadAsync(ct)) return TypedResults.Ok(new LedgerHead(0, 0, null, null));

        var signed = await reader.IsDBNullAsync(3, ct)
            ? null
            : new LedgerCheckpoint(
                reader.GetInt64(3), reader.GetInt64(4), Hex(reader, 5), reader.GetFieldValue<DateTimeOffset>(6), reader.GetString(7),
                Convert.ToBase64String(reader.GetFieldValue<byte[]>(8)));
        return TypedResults.Ok(new LedgerHead(reader.GetInt64(0), reader.GetInt64(1), Hex(reader, 2), signed));
    }

    private static string Hex(NpgsqlDataReader reader, int column) => Convert.ToHexStringLower(reader.GetFieldValue<byte[]>(column));
}
