using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>
/// The trail as a file, oldest first, a JSON document a line, each entry with the hashes that bind it into its log. The last line
/// says how many there are and where each chain stands: a file without it was cut short.
/// </summary>
internal sealed class ExportAudit(AuditReader trail, ReadAudit read, ServiceLogs logs, Journal journal, TimeProvider time)
{
    private const string Route = "/api/v1/workspaces/{ws}/audit/export", NewLine = "\n";
    private const int PageSize = 500;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet(Route, (HttpContext http, [AsParameters] AuditQuery query, ExportAudit export, CancellationToken ct) => export.Handle(http, query, ct))
            .RequirePermission("audit.read").WithName(nameof(ExportAudit));

    private async Task<PushStreamHttpResult> Handle(HttpContext http, AuditQuery query, CancellationToken ct)
    {
        // It ends where the log stood when it was asked for, however long it takes.
        var (workspace, filter) = (http.Workspace(), query.Filter with { To = query.To ?? time.GetUtcNow() });
        // In the log before the first line is out: nobody takes the trail away unseen.
        await journal.Record(workspace, Journal.Door, new Downloaded(Route, AuditTrail.Own), Journal.OriginOf(http), ct);
        return TypedResults.Stream(body => Write(body, workspace, filter, ct), "application/x-ndjson", "audit.ndjson");
    }

    private async Task Write(Stream body, string workspace, AuditFilter filter, CancellationToken ct)
    {
        long count = 0;
        IReadOnlyList<AuditRow> page;
        var last = AuditPosition.Beginning;
        do
        {
            page = await trail.Oldest(workspace, filter, last, PageSize, ct);
            foreach (var line in await Lines(page, workspace, ct)) await Write(body, line, ct);
            if (page.Count > 0) last = page[^1].Position;
            count += page.Count;
        }
        while (page.Count == PageSize);
        await Write(body, new AuditEnd(count, await Heads(workspace, ct)), ct);
    }

    private async Task<IEnumerable<AuditLine>> Lines(IReadOnlyList<AuditRow> page, string workspace, CancellationToken ct)
    {
        var names = await read.NamesOf(page, ct);
        var seals = new Dictionary<string, IReadOnlyDictionary<long, (string Content, string Chain)>>();
        foreach (var rows in page.GroupBy(r => r.Log))
            seals[rows.Key] = await logs.Seals(rows.Key, workspace, [.. rows.Select(r => r.Sequence)], ct);
        return page.Select(row =>
        {
            var seal = seals[row.Log].TryGetValue(row.Sequence, out var found) ? found : ((string Content, string Chain)?)null;
            return new AuditLine(ReadAudit.Shown(row, names), row.Log, row.Sequence, seal?.Content, seal?.Chain);
        });
    }

    private async Task<List<LogHead>> Heads(string workspace, CancellationToken ct)
    {
        var heads = new List<LogHead>();
        foreach (var log in AuditTrail.Logs)
        {
            try
            {
                var head = await logs.Head(log, workspace, ct);
                heads.Add(new(log, Answered: true, head?.Events ?? 0, head?.Chain));
            }
            catch (Exception e) when (ServiceLogs.IsAway(e) && !ct.IsCancellationRequested)
            {
                heads.Add(new(log, Answered: false, 0, null));
            }
        }
        return heads;
    }

    private static async Task Write<T>(Stream body, T line, CancellationToken ct)
    {
        await JsonSerializer.SerializeAsync(body, line, Json, ct);
        await body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(NewLine), ct);
    }
}
