using System.Text.Json;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Writes what pages bring that are no evidence of revenue: the catalogue, and what Paddle says has happened.</summary>
internal sealed class CommitLists(NpgsqlDataSource worker)
{
    private static readonly PageSums NoRows = new(new Dictionary<string, long>(), 0, 0);

    public async Task<string?> Products(PageOf page, FetchedPage fetched, IReadOnlyList<CatalogueEntry> entries, RunPlan next, CancellationToken ct)
    {
        await using var transaction = await PageTransaction.Open(worker, page, ct);
        await using var batch = transaction.Batch();
        Catalogue.AddListed(batch, page, transaction.No, fetched.Answer.At, entries);
        return await transaction.Close(batch, fetched, NoRows, next.Write(), next.Now?.ToString(), ct);
    }

    public async Task<string?> Events(PageOf page, FetchedPage fetched, IReadOnlyList<EventRow> events, RunPlan next, CancellationToken ct)
    {
        await using var transaction = await PageTransaction.Open(worker, page, ct);
        await using var batch = transaction.Batch();
        foreach (var told in events.Where(e => e.Payout is not null && e.IsAboutPayout)) AddPayout(batch, page, transaction.No, told);
        return await transaction.Close(batch, fetched, NoRows, next.Write(), next.Now?.ToString(), ct);
    }

    /// <summary>Payouts of which webhooks had told, found in Paddle's own list.</summary>
    public async Task Payouts(PageOf page, FetchedPage fetched, IReadOnlyList<EventRow> events, CancellationToken ct)
    {
        await using var transaction = await PageTransaction.Open(worker, page, ct);
        await using var batch = transaction.Batch();
        foreach (var told in events.Where(e => e.Payout is not null)) AddPayout(batch, page, transaction.No, told);
        await transaction.Close(batch, fetched, NoRows, plan: null, stage: null, ct);
    }

    /// <summary>An event that stands in Paddle's own list is believed, and told once, however it came first.</summary>
    public static void AddPayout(NpgsqlBatch batch, PageOf page, long no, EventRow told)
    {
        var seen = told.Payout!.Seen(told, page.Source, verified: true);
        batch.Add("""
            with new as (
              insert into webhook_event as w (tenant_id, source_id, event_id, event_type, occurred_at, received_at, entity_id, data, handled_at,
                outcome)
              values ($1, $2, $3, $4, $5, clock_timestamp(), $6, $11::jsonb, clock_timestamp(), 'verified')
              on conflict (tenant_id, source_id, event_id) do update set handled_at = excluded.handled_at, outcome = 'verified'
              where w.outcome is null or w.outcome not in ('verified', 'confirmed') returning event_id)
            insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, included, data, at)
            select $1, $2, $7, $8, $9::bigint, 0, 'payout', $6, false, $10::jsonb, $5 from new
            """, page.Source.Workspace, page.Source.Id, told.Id, told.Type, told.OccurredAt, told.Payout.Id, page.Source.Environment, page.Run, no,
            JsonSerializer.Serialize(seen, Canonical.Json), JsonSerializer.Serialize(told.Payout.AsPaddle()));
        batch.Add("notify allocora_outbox");
    }
}
