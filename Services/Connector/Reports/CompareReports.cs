using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Connector;

/// <summary>
/// Holds what is known of adjustments against Paddle's own report of them, after each time all were read. What the report knows better is
/// read again; all the other ways of finding it have missed it.
/// </summary>
internal sealed partial class CompareReports(
    [FromKeyedServices("connector_worker")] NpgsqlDataSource worker, PaddleClient paddle, OpenKey keys, StopSource stop, IOptions<SyncOptions> options,
    TimeProvider time, ILogger<CompareReports> logger) : BackgroundService
{
    private const int FileMax = 64 << 20;

    private static readonly TimeSpan
        LookEvery = TimeSpan.FromMinutes(1), AgainIn = TimeSpan.FromMinutes(15), PollEvery = TimeSpan.FromSeconds(5), Patience = TimeSpan.FromMinutes(5),
        Late = TimeSpan.FromDays(2), AtFirst = TimeSpan.FromDays(30);

    private readonly Claims claims = new(worker, options.Value.Lease);
    private readonly string me = $"{Environment.MachineName}/{Environment.ProcessId}/reports";
    private readonly ConcurrentDictionary<string, DateTimeOffset> notBefore = new();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Regularly.Do(LookEvery, Run, e => NotCompared("all sources", e.SqlState ?? "no answer"), time, stoppingToken);

    /// <summary>Compares every source whose time has come, one after the other: each takes a few seconds a day.</summary>
    public async Task Run(CancellationToken ct)
    {
        foreach (var due in await Due(ct))
        {
            if (notBefore.TryGetValue(due.Source, out var at) && time.GetUtcNow() < at) continue;
            if (await claims.Take($"{due.Source}/reports", me, ct) is not { } claim) continue;
            notBefore[due.Source] = time.GetUtcNow() + AgainIn;
            try
            {
                await Compare(due, claim, ct);
            }
            finally
            {
                await claims.GiveBack(claim, CancellationToken.None);
            }
        }
    }

    // Only up to where the last sweep began: until then everything should be known, and what came after it need not be.
    private async Task<List<DueReport>> Due(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select id, coalesce(reported_at - $1, swept_at - $2), swept_at from source
            where state = 'active' and not lacks && array['report.read', 'report.write'] and swept_at is not null
              and (reported_at is null or swept_at >= reported_at + interval '12 hours')
            order by id
            """);
        command.Parameters.Add(new() { Value = Late });
        command.Parameters.Add(new() { Value = AtFirst });
        var due = new List<DueReport>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) due.Add(new(reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<DateTimeOffset>(2)));
        return due;
    }

    private async Task Compare(DueReport due, Claim claim, CancellationToken ct)
    {
        if (await ReadSources.Load(worker, due.Source, ct) is not { IsActive: true } source) return;
        try
        {
            var access = await keys.Open(source, ct);
            using var key = access.Key;
            var report = AdjustmentsReport.Read(await paddle.Post(access, Urgency.Bulk, "/reports", AdjustmentsReport.Order(due.Since, due.Until), ct));
            if (await Ready(access, report, claim, ct) is not { } ready)
            {
                NotCompared(source.Id, "the report is not ready in time");
                return;
            }
            var found = await Hint(source, due, ready.Id, ready.IsEmpty ? [] : await Fetch(access, ready.Id, ct), ct);
            ConnectorTelemetry.ReportFound.Add(found);
            if (found > 0) Found(found, source.Id);
        }
        catch (PaddleRefusedException e)
        {
            if (e.IsAboutTheKey) await stop.Stop(source.Workspace, source.Id, "credential-invalid", ct);
            NotCompared(source.Id, e.Code); // such as another report that is being made
        }
        catch (Exception e) when (e is PaddleUnavailableException or PaddleNonsenseException or NoKeyException)
        {
            NotCompared(source.Id, e.Message);
        }
    }

    private async Task<OrderedReport?> Ready(PaddleAccess access, OrderedReport report, Claim claim, CancellationToken ct)
    {
        var asked = time.GetTimestamp();
        while (time.GetElapsedTime(asked) < Patience && await claims.Keep(claim, ct))
        {
            var now = AdjustmentsReport.Read(await paddle.Get(access, Urgency.Bulk, $"/reports/{report.Id}", ct));
            if (now.Status == "ready") return now;
            if (now.Status != "pending") return null;
            await Task.Delay(PollEvery, time, ct);
        }
        return null;
    }

    // In memory and never on a disk, for the file has names and e-mails.
    private async Task<Dictionary<string, string>> Fetch(PaddleAccess access, string report, CancellationToken ct)
    {
        var link = AdjustmentsReport.Link(await paddle.Get(access, Urgency.Bulk, $"/reports/{report}/download-url", ct));
        using var file = new MemoryStream();
        await paddle.Download(link, file, FileMax, ct);
        file.Position = 0;
        return AdjustmentsReport.Statuses(file);
    }

    /// <summary>Has everything read again that the report knows better.</summary>
    /// <returns>How much that was.</returns>
    private async Task<long> Hint(Source source, DueReport due, string report, Dictionary<string, string> told, CancellationToken ct)
    {
        // Reports are up to a day late: what is known as reversed is no less known for being approved in one.
        const string compare = $"""
            with behind as (
              select t.id from unnest($4::text[], $5::text[]) as t (id, status)
                left join provider_object as o on o.tenant_id = $1 and o.environment = $3 and o.provider_id = t.id
              where o.provider_id is null or o.status not in (t.status, 'reversed')
            ), hinted as (
              insert into webhook_event (tenant_id, source_id, event_id, event_type, occurred_at, received_at, entity_id)
              select $1, $2, 'report-' || $6 || '-' || id, 'adjustment.updated', $7, $8, id from behind on conflict do nothing
            ), moved as (
              update source set reported_at = $7 where tenant_id = $1 and id = $2
            )
            select (select count(*) from behind), pg_notify('{TakeWebhook.Channel}', $2)
            """;
        await using var command = worker.CreateCommand(compare);
        command.Parameters.Add(new() { Value = source.Workspace });
        command.Parameters.Add(new() { Value = source.Id });
        command.Parameters.Add(new() { Value = source.Environment });
        command.Parameters.Add(new() { Value = told.Keys.ToArray() });
        command.Parameters.Add(new() { Value = told.Values.ToArray() });
        command.Parameters.Add(new() { Value = report });
        command.Parameters.Add(new() { Value = due.Until });
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private sealed record DueReport(string Source, DateTimeOffset Since, DateTimeOffset Until);

    [LoggerMessage(LogLevel.Warning, "Paddle's report knew {Count} adjustments of {Source} better; they are read again. All other ways have missed them")]
    private partial void Found(long count, string source);

    [LoggerMessage(LogLevel.Information, "The adjustments of {Source} were not held against Paddle's report and will be: {Reason}")]
    private partial void NotCompared(string source, string reason);
}
