using System.Text;
using System.Text.Json;
using Allocora.EventStore;

namespace Allocora.Console;

/// <summary>
/// What people and keys did, in the Console and in the services: a table for each log, made of its events that say who. What a
/// provider told stands in the logs too and is passed over.
/// </summary>
internal static class AuditTrail
{
    /// <summary>The log in which everything is somebody's doing, also where it is not known whose.</summary>
    public const string Own = "console";

    // The text of an address or a name is compared, never sorted: the order is that of time.
    private const string Tables = """
        create table entry (
          tenant_id text collate "C" not null,
          seq bigint not null,
          at timestamptz not null,
          actor text collate "C",
          via text,
          action text collate "C" not null,
          target text collate "C" not null,
          data jsonb not null,
          request_id text,
          ip text,
          primary key (tenant_id, seq)
        );
        create index entry_by_time on entry (tenant_id, at, seq);
        create index entry_by_actor on entry (tenant_id, actor, at, seq);
        create index entry_by_target on entry (tenant_id, target, at, seq);
        """;

    /// <summary>In the order of their names, which decides between entries of one moment.</summary>
    public static IReadOnlyList<string> Logs { get; } = ["calculation", "connector", Own, "ledger", "statements"];

    /// <summary>The door stays open when a log upstream, or a table of the trail, is away: nothing is lost by coming later.</summary>
    public static IReadOnlyList<Projection> Projections { get; } = [.. Logs.Select(log =>
        new Projection(NameOf(log), 1, Tables, (page, batch) => Apply(page, batch, isOwn: log == Own))
        {
            Upstream = log == Own ? null : log,
            IsVital = false,
        })];

    public static string NameOf(string log) => $"audit_{log}";

    private static void Apply(IReadOnlyList<StoredEvent> page, ProjectionBatch batch, bool isOwn)
    {
        var told = page.Select(happened => (happened, From: Headers.Of(happened))).Where(e => isOwn || e.From.Actor is not null).ToList();
        if (told.Count == 0) return;
        batch.Add("""
            insert into entry (tenant_id, seq, at, actor, via, action, target, data, request_id, ip)
            select e.tenant_id, e.seq, e.at, e.actor, e.via, e.action, e.target, e.data::jsonb, e.request_id, e.ip
            from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as e(tenant_id, seq, at, actor, via, action, target, data, request_id, ip)
            """,
            told.Select(e => e.happened.Workspace).ToArray(), told.Select(e => e.happened.Sequence).ToArray(),
            told.Select(e => e.happened.At).ToArray(), told.Select(e => e.From.Actor).ToArray(), told.Select(e => e.From.Via).ToArray(),
            told.Select(e => e.happened.Type).ToArray(), told.Select(e => e.happened.Stream).ToArray(),
            told.Select(e => Encoding.UTF8.GetString(e.happened.Data.Span)).ToArray(),
            told.Select(e => e.From.RequestId).ToArray(), told.Select(e => e.From.Ip).ToArray());
    }

    private readonly record struct Headers(string? Actor, string? Via, string? RequestId, string? Ip)
    {
        public static Headers Of(StoredEvent happened)
        {
            if (happened.Headers is null) return default;
            using var headers = JsonDocument.Parse(happened.Headers);
            var from = headers.RootElement;
            return from.ValueKind == JsonValueKind.Object ? new(Text(from, "actor"), Text(from, "via"), Text(from, "requestId"), Text(from, "ip")) : default;
        }

        private static string? Text(JsonElement headers, string name) =>
            headers.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
