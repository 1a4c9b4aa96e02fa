using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Ledger;

/// <summary>
/// Checks the books of a workspace: the invariants, and the hash chain of its log. Found broken, or whole again, is an event, so that
/// whoever calculates from the log knows.
/// </summary>
internal sealed partial class CheckBooks(
    ServiceSchema schema, [FromKeyedServices("ledger_worker")] NpgsqlDataSource worker, TimeProvider time, ILogger<CheckBooks> logger)
{
    public const string Stream = "invariants", Sealed = "INV-9";
    private readonly ProjectionReader books = new(schema, Books.Name, worker, time);
    private readonly EventFeed feed = new(worker, time);
    private readonly EventLog log = new(worker);

    public async Task<InvariantReport> Check(string workspace, CancellationToken ct)
    {
        var verified = await new Seal(worker).Verify(workspace, ct);
        var head = await feed.Head(ct);
        // What is asked for is of now: the books have to have come as far as the log.
        if (!await books.WaitUntil(head, TimeSpan.FromSeconds(30), ct)) head = 0;
        var results = await books.Read(workspace, (connection, _, stop) => Ask(connection, workspace, verified, stop), ct);
        var report = new InvariantReport(results.All(r => r.Breaches == 0 || !r.Blocks), head, time.GetUtcNow(), results);
        await Keep(workspace, report, ct);
        await Tell(workspace, report, ct);
        foreach (var result in results) LedgerTelemetry.Found(result.Id, result.Breaches);
        return report;
    }

    private static async Task<List<InvariantResult>> Ask(NpgsqlConnection connection, string workspace, Verification verified, CancellationToken ct)
    {
        var results = new List<InvariantResult>();
        foreach (var invariant in Invariants.All)
        {
#pragma warning disable CA2100 // queries of this service
            await using var command = new NpgsqlCommand(invariant.Query, connection) { Parameters = { new() { Value = workspace } } };
#pragma warning restore CA2100
            await using var reader = await command.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            results.Add(new(invariant.Id, invariant.Says, reader.GetInt64(0), reader.GetFieldValue<string[]>(1), invariant.Blocks));
        }
        var at = results.FindIndex(r => r.Id == Sealed);
        if (verified.FirstBad is { } bad)
            results[at] = results[at] with { Breaches = results[at].Breaches + 1, Examples = [$"the chain breaks at {bad}", .. results[at].Examples] };
        results[at] = results[at] with { Says = "The log's chain holds, and the versions of each stream are 1 to n without a hole." };
        return results;
    }

    private async Task Keep(string workspace, InvariantReport report, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            insert into invariant_check (tenant_id, checked_to, checked_at, results) values ($1, $2, $3, $4::jsonb)
            on conflict (tenant_id) do update set checked_to = excluded.checked_to, checked_at = excluded.checked_at, results = excluded.results
            """);
        command.Parameters.Add(new() { Value = workspace });
        command.Parameters.Add(new() { Value = report.CheckedTo });
        command.Parameters.Add(new() { Value = report.CheckedAt });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(report.Results) });
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task Tell(string workspace, InvariantReport report, CancellationToken ct)
    {
        StoredEvent? last = null;
        await foreach (var stored in feed.Of(workspace, Stream, ct)) last = stored;
        var breaches = report.Results.Where(r => r.Blocks && r.Breaches > 0).Select(r => new BreachFound(r.Id, r.Breaches, r.Examples)).ToList();
        var wasBroken = last is not null && LedgerEvents.Catalog.Open(last) is InvariantsBroken;
        if (breaches.Count > 0) Broken(workspace, string.Join(", ", breaches.Select(b => b.Invariant)));
        if (wasBroken == breaches.Count > 0) return;

        object happened = breaches.Count > 0 ? new InvariantsBroken(report.CheckedTo, breaches) : new InvariantsRestored(report.CheckedTo);
        var (version, key) = (last?.Version ?? 0, $"invariants|{(last?.Version ?? 0) + 1}");
        var told = LedgerEvents.Catalog.Seal(happened, EventId.Of(workspace, key, 1), report.CheckedAt);
        await log.Append([new Entry(workspace, Stream, key, version, [told])], ct);
    }

    [LoggerMessage(LogLevel.Error, "The books of {Workspace} are broken: {Invariants}")]
    private partial void Broken(string workspace, string invariants);
}
