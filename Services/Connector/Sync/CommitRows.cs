using System.Diagnostics;
using Allocora.Contracts;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Connector;

/// <summary>Judges the rows of a page and writes what follows from them, all of it or nothing.</summary>
internal sealed class CommitRows(NpgsqlDataSource worker, TimeProvider time)
{
    /// <param name="next">Where the run goes on after what the page brought; null for a run that has no plan.</param>
    /// <returns>What somebody asked the run to do meanwhile, and where it goes on.</returns>
    public async Task<(JudgedPage Judged, RunPlan? Plan, string? Asked)> Commit(
        PageOf page, FetchedPage fetched, RowKind kind, ReadPage read, Func<JudgedPage, RunPlan>? next, CancellationToken ct)
    {
        await using var transaction = await PageTransaction.Open(worker, page, ct);
        KnownObjects known;
        await using (var look = transaction.Batch())
            known = await KnownObjects.Read(look, page.Source, kind, [.. read.Rows.Select(r => r.Row).OfType<SeenRow>()], ct);
        var judged = JudgedPage.Of(read.Rows, known, page.Source);
        var plan = next?.Invoke(judged);

        await using var batch = transaction.Batch();
        AddRows(batch, page, transaction.No, judged);
        AddObjects(batch, page, judged, known);
        AddPayloads(batch, page, fetched.Answer.At, judged, known);
        AddLooks(batch, page, judged);
        AddReleased(batch, page, judged);
        SayWhyTheyWait(batch, page, judged);
        AddSkipped(batch, page, judged);
        CloseSkipped(batch, page, judged);
        AddOutgoing(batch, page, transaction.No, fetched.Answer.At, judged);
        Catalogue.AddSold(batch, page, transaction.No, fetched.Answer.At, judged);
        var asked = await transaction.Close(batch, fetched, judged.Sums, plan?.Write(), plan?.Now?.ToString(), ct);
        return (judged, plan, asked);
    }

    private static void AddRows(NpgsqlBatch batch, PageOf page, long no, JudgedPage judged)
    {
        const int afterTheRows = 1000; // what was released is no row of the page
        var rows = judged.Rows;
        var released = judged.Released;
        batch.Add("""
            insert into sync_row (tenant_id, run_id, page_no, row_no, kind, provider_id, outcome, reason, status, updated_at, content, released)
            select $1, $2, $3, r.no, r.kind, r.id, r.outcome, r.reason, r.status, r.updated_at, r.content, r.released
            from unnest($4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::bytea[], $12::bool[])
              as r (no, kind, id, outcome, reason, status, updated_at, content, released)
            """, page.Source.Workspace, page.Run, no,
            (int[])[.. rows.Select(r => r.No), .. released.Select((_, i) => afterTheRows + i)],
            (string[])[.. rows.Select(r => Words.Of(r.Read.Kind)), .. released.Select(_ => Words.Of(RowKind.Adjustment))],
            (string?[])[.. rows.Select(r => r.Read.Id), .. released.Select(r => r.Id)],
            (string[])[.. rows.Select(r => Words.Of(r.Judgement.Outcome)), .. released.Select(_ => Words.Of(RowOutcome.Accepted))],
            (string?[])[.. rows.Select(r => r.Judgement.Reason), .. released.Select(_ => "transaction-counts-now")],
            (string?[])[.. rows.Select(r => r.Row?.Status), .. released.Select(r => r.Status)],
            (DateTimeOffset?[])[.. rows.Select(r => r.Row?.UpdatedAt), .. released.Select(r => (DateTimeOffset?)r.UpdatedAt)],
            (byte[]?[])[.. rows.Select(r => r.Row?.Content), .. released.Select(r => r.Content)],
            (bool[])[.. rows.Select(_ => false), .. released.Select(_ => true)]);
    }

    private static void AddObjects(NpgsqlBatch batch, PageOf page, JudgedPage judged, KnownObjects known)
    {
        // Of an object that a page holds twice the last judgement that says something counts.
        var changed = judged.Rows.Where(r => r.Row is not null && r.Judgement.Standing is not null).GroupBy(r => r.Row!.Id).Select(g => g.Last()).ToList();
        if (changed.Count > 0)
        {
            batch.Add("""
                insert into provider_object (tenant_id, environment, provider_id, kind, source_id, reading, status, created_at, updated_at, revision,
                  content, standing, reason, transaction_id, is_open, told_revision, adjusted_total)
                select $1, $2, o.id, o.kind, $3, $17, o.status, o.created_at, o.updated_at, o.revision, o.content, o.standing, o.reason,
                  o.transaction_id, o.is_open, case when o.told then o.revision end, o.adjusted_total
                from unnest($4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::timestamptz[], $9::bytea[], $10::bytea[], $11::text[], $12::text[],
                  $13::text[], $14::bool[], $15::bool[], $16::bigint[])
                  as o (id, kind, status, created_at, updated_at, revision, content, standing, reason, transaction_id, is_open, told, adjusted_total)
                on conflict (tenant_id, environment, provider_id) do update set source_id = excluded.source_id, reading = excluded.reading,
                  status = excluded.status, updated_at = excluded.updated_at, revision = excluded.revision, content = excluded.content,
                  standing = excluded.standing, reason = excluded.reason, is_open = excluded.is_open,
                  told_revision = coalesce(excluded.told_revision, provider_object.told_revision), adjusted_total = excluded.adjusted_total
                """, page.Source.Workspace, page.Source.Environment, page.Source.Id,
                (string[])[.. changed.Select(r => r.Row!.Id)], (string[])[.. changed.Select(r => Words.Of(r.Row!.Kind))],
                (string[])[.. changed.Select(r => r.Row!.Status)], (DateTimeOffset[])[.. changed.Select(r => r.Row!.CreatedAt)],
                (DateTimeOffset[])[.. changed.Select(r => r.After!.UpdatedAt)], (byte[][])[.. changed.Select(r => r.Row!.Revision)],
                (byte[][])[.. changed.Select(r => r.Row!.Content)], (string[])[.. changed.Select(r => Words.Of(r.Judgement.Standing!.Value))],
                (string?[])[.. changed.Select(r => r.After!.Reason)], (string?[])[.. changed.Select(r => r.Row!.Adjustment?.TransactionId)],
                (bool[])[.. changed.Select(r => r.Row is { Adjustment: not null, Status: "pending_approval" })],
                (bool[])[.. changed.Select(r => r.Judgement.IsTold)], (long?[])[.. changed.Select(r => r.After!.Left)], page.Source.Reading);
        }
        // Nothing that counts is new about these. But where they were seen last, and what is kept of them, may be.
        var same = judged.Rows.Where(r => r.Row is { } row && r.Judgement is { Standing: null, Outcome: RowOutcome.Duplicate }
            && changed.All(c => c.Row!.Id != row.Id) && known.Kept.TryGetValue(row.Id, out var kept)
            && (r.After!.Left != known.All[row.Id].Left || kept.Source != page.Source.Id || kept.Reading != page.Source.Reading
                || !kept.Content.AsSpan().SequenceEqual(row.Content) || known.All[row.Id].UpdatedAt < row.UpdatedAt))
            .GroupBy(r => r.Row!.Id).Select(g => g.Last()).ToList();
        if (same.Count == 0) return;
        batch.Add("""
            update provider_object as p set source_id = $3, reading = $8, content = o.content, updated_at = greatest(p.updated_at, o.updated_at),
              adjusted_total = o.adjusted_total
            from unnest($4::text[], $5::bytea[], $6::timestamptz[], $7::bigint[]) as o (id, content, updated_at, adjusted_total)
            where p.tenant_id = $1 and p.environment = $2 and p.provider_id = o.id
            """, page.Source.Workspace, page.Source.Environment, page.Source.Id, (string[])[.. same.Select(r => r.Row!.Id)],
            (byte[][])[.. same.Select(r => r.Row!.Content)], (DateTimeOffset[])[.. same.Select(r => r.Row!.UpdatedAt)],
            (long?[])[.. same.Select(r => r.After!.Left)], page.Source.Reading);
    }

    private static void AddPayloads(NpgsqlBatch batch, PageOf page, DateTimeOffset at, JudgedPage judged, KnownObjects known)
    {
        var unseen = judged.Rows.Select(r => r.Row).OfType<SeenRow>()
            .Where(r => !known.Kept.TryGetValue(r.Id, out var kept) || !kept.Content.AsSpan().SequenceEqual(r.Content)).ToList();
        if (unseen.Count == 0) return;
        batch.Add("""
            insert into payload (tenant_id, environment, provider_id, content, seen_at, body)
            select $1, $2, p.id, p.content, $3, p.body from unnest($4::text[], $5::bytea[], $6::bytea[]) as p (id, content, body) on conflict do nothing
            """, page.Source.Workspace, page.Source.Environment, at.ToUniversalTime(), (string[])[.. unseen.Select(r => r.Id)],
            (byte[][])[.. unseen.Select(r => r.Content)], (byte[][])[.. unseen.Select(r => PayloadText.Compress(r.Payload))]);
    }

    /// <summary>
    /// A sale was looked at again, or has to be: what Paddle says is left of it is compared with the adjustments known, so it must not be
    /// older than they are. Paddle does not show a sale as updated because it was adjusted.
    /// </summary>
    private static void AddLooks(NpgsqlBatch batch, PageOf page, JudgedPage judged)
    {
        var seen = judged.Rows.Select(r => r.Row).OfType<SeenRow>().Where(r => r.Transaction is not null).Select(r => r.Id).ToArray();
        if (seen.Length > 0)
        {
            batch.Add("""
                update provider_object set look_again = false where tenant_id = $1 and environment = $2 and provider_id = any ($3) and look_again
                """, page.Source.Workspace, page.Source.Environment, seen);
        }
        var adjusting = judged.Adjusting.GroupBy(r => r.Adjustment!.TransactionId).Select(g => (Sale: g.Key, At: g.Max(r => r.UpdatedAt))).ToList();
        if (adjusting.Count == 0) return;
        batch.Add("""
            update provider_object as s set look_again = true from unnest($3::text[], $4::timestamptz[]) as a (sale, at)
            where s.tenant_id = $1 and s.environment = $2 and s.provider_id = a.sale and exists (
              select from payload as p where p.tenant_id = s.tenant_id and p.environment = s.environment and p.provider_id = s.provider_id
                and p.content = s.content and p.seen_at <= a.at)
            """, page.Source.Workspace, page.Source.Environment, (string[])[.. adjusting.Select(a => a.Sale)],
            (DateTimeOffset[])[.. adjusting.Select(a => a.At)]);
    }

    private static void AddReleased(NpgsqlBatch batch, PageOf page, JudgedPage judged)
    {
        if (judged.Released.Count == 0) return;
        batch.Add("""
            update provider_object set standing = 'counts', reason = null, told_revision = revision
            where tenant_id = $1 and environment = $2 and provider_id = any ($3)
            """, page.Source.Workspace, page.Source.Environment, (string[])[.. judged.Released.Select(r => r.Id)]);
    }

    /// <summary>What waits for a transaction that does not count has not to look for it any more.</summary>
    private static void SayWhyTheyWait(NpgsqlBatch batch, PageOf page, JudgedPage judged)
    {
        var still = judged.Rows.Where(r => r.Row?.Transaction is not null && r.After is { Standing: not Standing.Counts })
            .GroupBy(r => r.Row!.Id).Select(g => (g.Key, Reason: Fresh.WhyItWaits(g.Last().After!.Standing, g.Last().After!.Reason)!)).ToList();
        if (still.Count == 0) return;
        batch.Add("""
            update provider_object as p set reason = w.reason from unnest($3::text[], $4::text[]) as w (id, reason)
            where p.tenant_id = $1 and p.environment = $2 and p.transaction_id = w.id and p.standing = 'waiting' and p.reason <> w.reason
            """, page.Source.Workspace, page.Source.Environment, (string[])[.. still.Select(w => w.Key)], (string[])[.. still.Select(w => w.Reason)]);
    }

    private void AddSkipped(NpgsqlBatch batch, PageOf page, JudgedPage judged)
    {
        var skipped = judged.Rows.Where(r => r.Judgement.Skip is not null).GroupBy(r => r.Row!.Id).Select(g => g.Last()).ToList();
        if (skipped.Count == 0) return;
        var now = time.GetUtcNow();
        batch.Add("""
            insert into skipped_row (tenant_id, id, source_id, environment, provider_id, kind, reason, detail, amount, currency, provider_status, occurred_at,
              revision, first_run, last_run, opened_at, status)
            select $1, s.id, $2, $3, s.provider_id, s.kind, s.reason, s.detail, s.amount, s.currency, s.status, s.occurred_at, s.revision, $4, $4, $5, 'open'
            from unnest($6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::timestamptz[], $15::bytea[])
              as s (id, provider_id, kind, reason, detail, amount, currency, status, occurred_at, revision)
            on conflict (tenant_id, environment, provider_id) do update set source_id = excluded.source_id, reason = excluded.reason,
              detail = excluded.detail, amount = excluded.amount, currency = excluded.currency, provider_status = excluded.provider_status,
              occurred_at = excluded.occurred_at, revision = excluded.revision, last_run = excluded.last_run, opened_at = excluded.opened_at, status = 'open',
              decided_by = null, decided_at = null, decision_reason = null
            where (skipped_row.revision, skipped_row.reason) is distinct from (excluded.revision, excluded.reason)
            """, page.Source.Workspace, page.Source.Id, page.Source.Environment, page.Run, now,
            (string[])[.. skipped.Select(_ => NewId.For("skp", now))], (string[])[.. skipped.Select(r => r.Row!.Id)],
            (string[])[.. skipped.Select(r => Words.Of(r.Row!.Kind))], (string[])[.. skipped.Select(r => r.Judgement.Skip!.Reason)],
            (string[])[.. skipped.Select(r => r.Judgement.Skip!.Detail)], (long[])[.. skipped.Select(r => r.Judgement.Skip!.Amount.Minor)],
            (string[])[.. skipped.Select(r => r.Judgement.Skip!.Amount.Currency.Code)], (string[])[.. skipped.Select(r => r.Row!.Status)],
            (DateTimeOffset[])[.. skipped.Select(r => r.Judgement.Skip!.OccurredAt.ToUniversalTime())], (byte[][])[.. skipped.Select(r => r.Row!.Revision)]);
    }

    /// <summary>What was left out and is not any more has nothing to be decided.</summary>
    private void CloseSkipped(NpgsqlBatch batch, PageOf page, JudgedPage judged)
    {
        var settled = judged.Rows.Where(r => r.WasSkipped && r.Judgement is { Skip: null, Standing: not null }).ToList();
        if (settled.Count == 0) return;
        batch.Add("""
            update skipped_row as s set status = c.status, last_run = $3, decided_by = null, decided_at = $4, decision_reason = 'It changed at the provider.'
            from unnest($5::text[], $6::text[]) as c (id, status) where s.tenant_id = $1 and s.environment = $2 and s.provider_id = c.id
            """, page.Source.Workspace, page.Source.Environment, page.Run, time.GetUtcNow(), (string[])[.. settled.Select(r => r.Row!.Id)],
            (string[])[.. settled.Select(r => r.Judgement.Standing == Standing.Counts ? "included" : "excluded")]);
    }

    private static void AddOutgoing(NpgsqlBatch batch, PageOf page, long no, DateTimeOffset at, JudgedPage judged)
    {
        var told = judged.Rows.Where(r => r.Judgement.IsTold).Select(r => (
                r.No, Kind: r.Row!.Kind, r.Row.Id, r.Row.Revision, r.Row.Content, IsIncluded: r is { WasIncluded: true, Judgement.IsNews: false }))
            .Concat(judged.Released.Select(r => (No: 0, Kind: RowKind.Adjustment, r.Id, r.Revision, r.Content, IsIncluded: false))).ToList();
        if (told.Count == 0) return;
        batch.Add("""
            insert into outbox (tenant_id, source_id, environment, run_id, page_no, row_no, kind, provider_id, revision, content, included, custom_data_keys,
              at, traceparent)
            select $1, $2, $3, $4, $5, o.no, o.kind, o.id, o.revision, o.content, o.included, $14, $6, $7
            from unnest($8::int[], $9::text[], $10::text[], $11::bytea[], $12::bytea[], $13::bool[])
              with ordinality as o (no, kind, id, revision, content, included, place)
            order by o.place
            """, page.Source.Workspace, page.Source.Id, page.Source.Environment, page.Run, no, at.ToUniversalTime(), Activity.Current?.Id,
            (int[])[.. told.Select(o => o.No)], (string[])[.. told.Select(o => Words.Of(o.Kind))], (string[])[.. told.Select(o => o.Id)],
            (byte[][])[.. told.Select(o => o.Revision)], (byte[][])[.. told.Select(o => o.Content)], (bool[])[.. told.Select(o => o.IsIncluded)],
            page.Source.Terms.CustomDataKeys.ToArray());
        batch.Add("notify allocora_outbox");
    }
}

internal static class Statements
{
    /// <summary>Adds a statement whose parameters come in order; an array is taken apart by <c>unnest</c>.</summary>
    public static void Add(this NpgsqlBatch batch, string statement, params object?[] values)
    {
#pragma warning disable CA2100 // statements of this program; what varies is a parameter
        var command = new NpgsqlBatchCommand(statement);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(value switch
            {
                null => new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                NpgsqlParameter given => given,
                DateTimeOffset at => new() { Value = at.ToUniversalTime() },
                _ => new() { Value = value },
            });
        }
        batch.BatchCommands.Add(command);
    }
}
