using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>What a page of the log comes to. What happens to one object within it is put together here, in its order.</summary>
internal sealed class PageOfBooks
{
    private readonly List<LineRow> lines = [];
    private readonly Dictionary<string, FactRow> facts = [];
    private readonly Dictionary<(string, string, string), ObjectRow> objects = [];
    private readonly Dictionary<string, Settling> settledFacts = [];
    private readonly Dictionary<(string, string, string), Settling> settledObjects = [];
    private readonly Dictionary<(string Workspace, string Environment, string Id), TakenBack> takenBack = [];
    private readonly List<Countered> countered = [];
    private readonly Dictionary<string, ContradictionRow> contradictions = [];
    private readonly List<Closing> closings = [];
    private readonly List<SyncRunRow> runs = [];
    private readonly HashSet<(string Workspace, string Environment, string Transaction)> touched = [];

    public void Take(StoredEvent stored, object happened)
    {
        switch (happened)
        {
            case TransactionRecorded e:
                Add(FactRow.OfSale(stored, e.Transaction, e.Seen, SaleContent.AmountsOf(e.Transaction), 1, FactRow.Original));
                Replace(ObjectRow.Of(stored, e.Transaction, e.Seen));
                lines.AddRange(e.Transaction.Lines.Select(l => new LineRow(stored.Workspace, e.Seen.Environment, l.Id, l.ProductId)));
                break;
            case TransactionSettled e:
                Settle(stored, e);
                break;
            case TransactionRevised e:
                foreach (var (part, delta) in e.Delta.Index())
                    Add(FactRow.OfSale(stored, e.Transaction, e.Seen, delta, part + 1, FactRow.Revision));
                Replace(ObjectRow.Of(stored, e.Transaction, e.Seen));
                lines.AddRange(e.Transaction.Lines.Select(l => new LineRow(stored.Workspace, e.Seen.Environment, l.Id, l.ProductId)));
                break;
            case AdjustmentRecorded e:
                Add(FactRow.OfAdjustment(stored, e.Adjustment, e.Seen, ChangeContent.EffectOf(e.Adjustment), 1, FactRow.Original));
                Replace(ObjectRow.Of(stored, e.Adjustment, e.Seen));
                break;
            case AdjustmentRevised e:
                foreach (var (part, delta) in e.Delta.Index())
                    Add(FactRow.OfAdjustment(stored, e.Adjustment, e.Seen, delta, part + 1, FactRow.Revision));
                Replace(ObjectRow.Of(stored, e.Adjustment, e.Seen));
                break;
            case AdjustmentReversalExpected e:
                TakeBack(stored, e);
                break;
            case AdjustmentCounterBooked e:
                Add(Countered.FactOf(stored, e));
                countered.Add(new(stored.Workspace, e.Environment, e.Adjustment, e.Amounts.Total.Minor, stored.Sequence));
                break;
            case TransactionContradicted e:
                Open(stored, e.Seen.Environment, e.Transaction.Id, e.Reason, Sight.VersionOf(e.Seen, e.Transaction.UpdatedAt));
                break;
            case AdjustmentContradicted e:
                Open(stored, e.Seen.Environment, e.Adjustment.Id, e.Reason, Sight.VersionOf(e.Seen, e.Adjustment.UpdatedAt ?? e.Adjustment.CreatedAt));
                break;
            case ContradictionClosed e:
                Close(stored, e);
                break;
            case SyncRunEnded e:
                runs.Add(new(stored.Workspace, e.Run, e.Rows, e.Outcomes.Values.Sum()));
                break;
        }
    }

    public void AddTo(ProjectionBatch batch)
    {
        Insert(batch, """
            insert into sale_line select r.* from {rows} on conflict (tenant_id, environment, line_id) do update set product_id = excluded.product_id
            """, "sale_line", lines.GroupBy(l => (l.TenantId, l.Environment, l.LineId)).Select(g => g.Last()));
        Insert(batch, "insert into fact select r.* from {rows}", "fact", facts.Values);
        Insert(batch, ObjectRow.Replace, "object", objects.Values);
        Update(batch, Settling.ToFact, Settling.Columns, settledFacts.Values);
        Update(batch, Settling.ToObject, Settling.Columns, settledObjects.Values);
        Update(batch, TakenBack.ToObject, TakenBack.Columns, takenBack.Values);
        foreach (var one in countered) Update(batch, Countered.ToObject, Countered.Columns, [one]); // few, and each booked by a person
        Insert(batch, """
            insert into contradiction select r.* from {rows}
            on conflict (tenant_id, id) do update set status = excluded.status, seq = excluded.seq, found_at = excluded.found_at,
              closed_at = excluded.closed_at, closed_by = excluded.closed_by, note = excluded.note
            """, "contradiction", contradictions.Values);
        Update(batch, Closing.ToContradiction, Closing.Columns, closings);
        Insert(batch, "insert into sync_run select r.* from {rows}", "sync_run", runs);
        Relate(batch);
    }

    // A sale and its adjustments come in any order: what one lends the other is written again whenever either is.
    private void Relate(ProjectionBatch batch)
    {
        if (touched.Count == 0) return;
        Array[] sales =
        [
            touched.Select(t => t.Workspace).ToArray(), touched.Select(t => t.Environment).ToArray(), touched.Select(t => t.Transaction).ToArray(),
        ];
        batch.Add("""
            update fact as f set country = o.country
            from unnest($1, $2, $3) as t (workspace, environment, id)
              join object as o on o.tenant_id = t.workspace and o.environment = t.environment and o.provider_id = t.id
            where f.tenant_id = t.workspace and f.environment = t.environment and f.transaction_id = t.id and f.country is distinct from o.country
            """, sales);
        batch.Add("""
            update fact as f set products = p.products
            from unnest($1, $2, $3) as t (workspace, environment, id)
              join fact as w on w.tenant_id = t.workspace and w.environment = t.environment and w.transaction_id = t.id and w.kind <> 'sale',
              lateral (select coalesce(array_agg(distinct l.product_id), '{}') from sale_line as l
                where l.tenant_id = w.tenant_id and l.environment = w.environment and l.line_id = any (w.lines) and l.product_id is not null) as p (products)
            where f.tenant_id = w.tenant_id and f.id = w.id and f.products <> p.products
            """, sales);
        batch.Add("""
            delete from fact_product as p using unnest($1, $2, $3) as t (workspace, environment, id), fact as f
            where f.tenant_id = t.workspace and f.environment = t.environment and f.transaction_id = t.id
              and p.tenant_id = f.tenant_id and p.effective_at = f.effective_at and p.seq = f.seq and p.part = f.part and p.product_id <> all (f.products)
            """, sales);
        batch.Add("""
            insert into fact_product (tenant_id, product_id, effective_at, seq, part, fact_id)
            select f.tenant_id, p.product_id, f.effective_at, f.seq, f.part, f.id
            from unnest($1, $2, $3) as t (workspace, environment, id)
              join fact as f on f.tenant_id = t.workspace and f.environment = t.environment and f.transaction_id = t.id,
              unnest(f.products) as p (product_id)
            on conflict do nothing
            """, sales);
    }

    private void Add(FactRow row)
    {
        facts.Add(row.Id, row);
        touched.Add((row.TenantId, row.Environment, row.TransactionId));
    }

    private void Replace(ObjectRow row)
    {
        var key = (row.TenantId, row.Environment, row.ProviderId);
        objects[key] = row;
        // It says all that these would.
        takenBack.Remove(key);
        settledObjects.Remove(key);
        touched.Add((row.TenantId, row.Environment, row.TransactionId));
    }

    private void Settle(StoredEvent stored, TransactionSettled e)
    {
        var (payout, key) = (e.Settlement.Payout, (stored.Workspace, e.Seen.Environment, e.Transaction));
        var settling = new Settling(
            stored.Workspace, e.Seen.Environment, e.Transaction, FactId.Of(stored.Workspace, e.Seen.Environment, e.Transaction, ""), e.Status, e.UpdatedAt,
            e.Seen.At, e.Settlement.Fee?.Minor, e.Settlement.Earnings?.Minor, payout.Total.Currency.Code, payout.Total.Minor, payout.Tax.Minor,
            payout.Fee?.Minor, payout.Earnings?.Minor, payout.ExchangeRate, stored.At, stored.Sequence);
        if (facts.TryGetValue(settling.FactId, out var fact)) facts[settling.FactId] = settling.Of(fact);
        else settledFacts[settling.FactId] = settling;
        if (objects.TryGetValue(key, out var state)) objects[key] = settling.Of(state);
        else settledObjects[key] = settling;
    }

    private void TakeBack(StoredEvent stored, AdjustmentReversalExpected e)
    {
        var key = (stored.Workspace, e.Seen.Environment, e.Adjustment);
        if (objects.TryGetValue(key, out var state))
            objects[key] = state with { Status = Change.Reversed, UpdatedAt = e.UpdatedAt ?? state.UpdatedAt, SeenAt = e.Seen.At, Seq = stored.Sequence };
        else
            takenBack[key] = new(stored.Workspace, e.Seen.Environment, e.Adjustment, Change.Reversed, e.UpdatedAt, e.Seen.At, stored.Sequence);
    }

    private void Open(StoredEvent stored, string environment, string id, string reason, string version)
    {
        var row = new ContradictionRow(
            stored.Workspace, Contradictions.IdOf(stored.Workspace, environment, id, reason, version), environment, id, reason,
            version, Contradictions.Open, stored.Sequence, stored.At);
        contradictions[row.Id] = row;
        closings.RemoveAll(c => (c.TenantId, c.Id) == (row.TenantId, row.Id));
    }

    private void Close(StoredEvent stored, ContradictionClosed e)
    {
        var environment = stored.Stream.Split('-', 3)[1];
        var id = Contradictions.IdOf(stored.Workspace, environment, e.About, e.Reason, e.Version);
        var by = EventCatalog.ActorOf(stored);
        if (contradictions.TryGetValue(id, out var row))
            contradictions[id] = row with { Status = e.How, ClosedAt = stored.At, ClosedBy = by, Note = e.Note };
        else
            closings.Add(new(stored.Workspace, id, e.How, stored.At, by, e.Note));
    }

    private static void Insert<T>(ProjectionBatch batch, string statement, string table, IEnumerable<T> rows)
    {
        var texts = RowText.Of(rows);
        if (texts.Length == 0) return;
        var taken = $"unnest($1::text[]) as t (row), jsonb_populate_record(null::{table}, t.row::jsonb) as r";
        batch.Add(statement.Replace("{rows}", taken, StringComparison.Ordinal), texts);
    }

    private static void Update<T>(ProjectionBatch batch, string statement, string columns, IReadOnlyCollection<T> rows)
    {
        if (rows.Count == 0) return;
        var taken = $"unnest($1::text[]) as t (row), jsonb_to_record(t.row::jsonb) as r ({columns})";
        batch.Add(statement.Replace("{rows}", taken, StringComparison.Ordinal), RowText.Of(rows));
    }
}
