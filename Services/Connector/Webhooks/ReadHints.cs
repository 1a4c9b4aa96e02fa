using System.Collections.Concurrent;
using System.Security.Cryptography;
using Allocora.EventStore;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Reads again what webhooks are about. What they say themselves is believed about nothing.</summary>
internal sealed partial class ReadHints(
    NpgsqlDataSource worker, PaddleClient paddle, PaddleOptions paddleOptions, OpenKey keys, StopSource stop, SyncOptions options, TimeProvider time,
    ILogger<ReadHints> logger) : BackgroundService
{
    private const int TakenAtOnce = 200, SourcesMax = 10_000;
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1), PauseMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly Claims claims = new(worker, options.Lease);
    private readonly CommitRows rows = new(worker, time);
    private readonly CommitLists lists = new(worker);
    private readonly DayOfWebhooks days = new(worker, new EndRun(worker, options.Overlap), time);
    private readonly string me = $"{Environment.MachineName}/{Environment.ProcessId}/hints";
    private readonly Dictionary<string, Task> working = [];
    private readonly ConcurrentDictionary<string, (int Times, DateTimeOffset Until)> failed = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await new EventFeed(worker, time).Follow(LookEvery, Look, stoppingToken, TakeWebhook.Channel);
        }
        finally
        {
            await Task.WhenAll(working.Values);
        }
    }

    private async Task Look(CancellationToken ct)
    {
        foreach (var (source, _) in working.Where(w => w.Value.IsCompleted).ToList()) working.Remove(source);
        await using var command = worker.CreateCommand("""
            select distinct s.id from webhook_event as w join source as s on s.tenant_id = w.tenant_id and s.id = w.source_id and s.state = 'active'
            where w.handled_at is null and not starts_with(w.event_type, 'api_key') order by s.id limit $1
            """);
        command.Parameters.Add(new() { Value = SourcesMax });
        var sources = new List<string>();
        await using (var reader = await command.ExecuteReaderAsync(ct))
            while (await reader.ReadAsync(ct)) sources.Add(reader.GetString(0));
        foreach (var source in sources.Where(s => !working.ContainsKey(s) && !(failed.TryGetValue(s, out var last) && time.GetUtcNow() < last.Until)))
            if (await claims.Take($"{source}/hints", me, ct) is { } claim) working[source] = Task.Run(() => Work(source, claim, ct), CancellationToken.None);
    }

    private async Task Work(string id, Claim claim, CancellationToken ct)
    {
        var workspace = "";
        try
        {
            if (await ReadSources.Load(worker, id, ct) is not { IsActive: true } source) return;
            workspace = source.Workspace;
            var access = await keys.Open(source, ct);
            using var key = access.Key;
            var page = new PageOf(source, (await days.Take(source, claim, ct)).Id, "webhook", claim);
            while (await Take(source, ct) is { Count: > 0 } hints && await claims.Keep(claim, ct)) await Read(page, access, hints, ct);
            failed.TryRemove(id, out _);
        }
        catch (PaddleRefusedException e)
        {
            if (e.IsAboutTheKey) await stop.Stop(workspace, id, "credential-invalid", ct);
            Later(id, e.Code);
        }
        catch (Exception e) when (
            e is PaddleUnavailableException or PaddleNonsenseException or FencedException or NoKeyException or NpgsqlException or OperationCanceledException)
        {
            Later(id, e.GetType().Name); // they stay open and are taken up again
        }
        finally
        {
            await GiveBack(claim);
        }
    }

    private async Task Read(PageOf page, PaddleAccess access, IReadOnlyList<Hint> hints, CancellationToken ct)
    {
        foreach (var some in Named(hints, "transaction.", "txn").Chunk(Requests.TransactionsNamed))
            await Objects(page, access, RowKind.Transaction, Lane.Transactions, Requests.TransactionsById(page.Source, some), ct);
        foreach (var some in Named(hints, "adjustment.", "adj").Chunk(Requests.AdjustmentsNamed))
            await Objects(page, access, RowKind.Adjustment, Lane.HintedAdjustments, Requests.AdjustmentsById(some), ct);
        await Settle(page, [.. hints.Where(h => h.IsAbout("transaction.") || h.IsAbout("adjustment."))], "read", ct);
        // A sync reads the catalogue as a whole when an event is about it.
        await Settle(page, [.. hints.Where(h => h.IsAbout("product.") || h.IsAbout("price."))], "left-to-sync", ct);
        var payouts = hints.Where(h => h.IsAbout("payout.")).ToList();
        if (payouts.Count > 0) await Payouts(page, access, payouts, ct);
    }

    private async Task Objects(PageOf page, PaddleAccess access, RowKind kind, Lane lane, string path, CancellationToken ct)
    {
        if (!await claims.Keep(page.Claim, ct)) throw new FencedException(page.Claim.What);
        using var span = ConnectorTelemetry.StartPage(lane, page.Run, null);
        var answer = await paddle.Get(access, Urgency.Incremental, path, ct);
        var read = ReadPages.Read(answer.Body, kind, page.Source.Terms.CustomDataKeys, paddleOptions.AddressOf(page.Source.Environment), path.Split('?')[0]);
        var fetched = new FetchedPage(lane.ToString(), path, answer, SHA256.HashData(answer.Body.Span), read.Rows.Count, null, null);
        var (judged, _, _) = await rows.Commit(page, fetched, kind, read, null, ct);
        ConnectorTelemetry.Count(kind, judged);
    }

    /// <summary>A payout cannot be read again. It is believed if Paddle's own list of events has the same event.</summary>
    private async Task Payouts(PageOf page, PaddleAccess access, List<Hint> hints, CancellationToken ct)
    {
        const string path = "/events?order_by=id[DESC]&per_page=200&event_type=payout.created,payout.paid";
        if (!page.Source.May("notification.read"))
        {
            await Settle(page, hints, "unverified", ct);
            return;
        }
        var answer = await paddle.Get(access, Urgency.Incremental, path, ct);
        var list = ReadLists.Read(answer.Body, paddleOptions.AddressOf(page.Source.Environment), "/events");
        var ids = hints.Select(h => h.Id).ToHashSet();
        List<EventRow> found = [.. list.Read(EventRow.Read).Where(e => ids.Contains(e.Id))];
        var fetched = new FetchedPage(Lane.PastPayouts.ToString(), path, answer, SHA256.HashData(answer.Body.Span), 0, null, null);
        await lists.Payouts(page, fetched, found, ct);
        await Settle(page, [.. hints.Where(h => found.All(f => f.Id != h.Id))], "unverified", ct);
    }

    private static IEnumerable<string> Named(IReadOnlyList<Hint> hints, string type, string prefix) =>
        hints.Where(h => h.IsAbout(type)).Select(h => h.EntityId).OfType<string>()
            .Where(id => Field.IsId(id, prefix)).Distinct().Order(StringComparer.Ordinal);

    private async Task<List<Hint>> Take(Source source, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            select event_id, event_type, entity_id from webhook_event
            where tenant_id = $1 and source_id = $2 and handled_at is null and not starts_with(event_type, 'api_key')
            order by received_at limit $3
            """);
        command.Parameters.Add(new() { Value = source.Workspace });
        command.Parameters.Add(new() { Value = source.Id });
        command.Parameters.Add(new() { Value = TakenAtOnce });
        var hints = new List<Hint>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) hints.Add(new(reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2)));
        return hints;
    }

    private async Task Settle(PageOf page, IReadOnlyList<Hint> hints, string outcome, CancellationToken ct)
    {
        if (hints.Count == 0) return;
        await using var command = worker.CreateCommand("""
            update webhook_event set handled_at = clock_timestamp(), outcome = $4
            where tenant_id = $1 and source_id = $2 and event_id = any ($3) and handled_at is null
            """);
        command.Parameters.Add(new() { Value = page.Source.Workspace });
        command.Parameters.Add(new() { Value = page.Source.Id });
        command.Parameters.Add(new() { Value = hints.Select(h => h.Id).ToArray() });
        command.Parameters.Add(new() { Value = outcome });
        await command.ExecuteNonQueryAsync(ct);
    }

    private void Later(string source, string because)
    {
        NotRead(source, because);
        failed.AddOrUpdate(source, _ => (1, time.GetUtcNow() + PauseMin), (_, last) =>
            (last.Times + 1, time.GetUtcNow() + TimeSpan.FromTicks(Math.Min(PauseMin.Ticks << Math.Min(last.Times, 9), PauseMax.Ticks))));
    }

    private async Task GiveBack(Claim claim)
    {
        try
        {
            await claims.GiveBack(claim, CancellationToken.None);
        }
        catch (NpgsqlException e)
        {
            NotRead(claim.What, e.SqlState ?? "no answer");
        }
    }

    private sealed record Hint(string Id, string Type, string? EntityId)
    {
        public bool IsAbout(string what) => Type.StartsWith(what, StringComparison.Ordinal);
    }

    [LoggerMessage(LogLevel.Warning, "What webhooks of {Source} are about was not read and will be: {Reason}")]
    private partial void NotRead(string source, string reason);
}
