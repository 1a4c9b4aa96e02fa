namespace Allocora.Ledger;

/// <param name="Query">Finds what it does not hold for: a count, and a few names. $1 is the workspace.</param>
internal sealed record Invariant(string Id, string Says, string Query, bool Blocks = true);

/// <summary>What has to hold of the books of a workspace, as queries that know nothing of how the books were made.</summary>
internal static class Invariants
{
    public static readonly IReadOnlyList<Invariant> All =
    [
        new("INV-1", "The rows of each sync run come to the sum of their outcomes.", Found("""
            select r.run_id as name from sync_run as r where r.tenant_id = $1 and r.fetched <> r.outcomes
            """)),
        new("INV-2", "The facts of each object come to what Paddle says it is.", Found("""
            select o.provider_id as name
            from object as o
              left join (
                select f.environment, f.provider_id,
                  sum(f.subtotal) filter (where f.currency = w.currency) as subtotal, sum(f.discount) filter (where f.currency = w.currency) as discount,
                  sum(f.tax) filter (where f.currency = w.currency) as tax, sum(f.total) filter (where f.currency = w.currency) as total,
                  sum(f.fee) filter (where f.currency = w.currency) as fee, sum(f.earnings) filter (where f.currency = w.currency) as earnings,
                  sum(f.payout_total) filter (where f.payout_currency = w.payout_currency) as payout_total,
                  sum(f.payout_earnings) filter (where f.payout_currency = w.payout_currency) as payout_earnings
                from fact as f join object as w using (tenant_id, environment, provider_id)
                where f.tenant_id = $1 and f.change <> 'counter' group by f.environment, f.provider_id) as s using (environment, provider_id)
            where o.tenant_id = $1 and (s.total is null
              or (s.subtotal, s.discount, s.tax, s.total) <> (o.subtotal, o.discount, o.tax, o.total)
              or (coalesce(s.fee, 0), coalesce(s.earnings, 0)) <> (coalesce(o.fee, 0), coalesce(o.earnings, 0))
              or (coalesce(s.payout_total, 0), coalesce(s.payout_earnings, 0)) <> (coalesce(o.payout_total, 0), coalesce(o.payout_earnings, 0)))
            """)),
        new("INV-3", "A sale or an adjustment is recorded once, and taken back once.", Found("""
            select e.stream_id || ' ' || e.type as name from mt_events as e
            where e.tenant_id = $1 and e.type in ('transaction_recorded', 'adjustment_recorded', 'adjustment_reversal_expected', 'adjustment_counter_booked')
            group by e.stream_id, e.type having count(*) > 1
            """)),
        new("INV-4", "Subtotal - discount + tax is total, and total less credit is grand total, unless a person let it pass.", Found("""
            select o.provider_id as name from object as o
            where o.tenant_id = $1 and (o.subtotal - o.discount + o.tax <> o.total or (o.kind = 'sale' and o.total - o.credit <> o.grand_total))
              and not exists (select from contradiction as c where (c.tenant_id, c.environment, c.provider_id) = (o.tenant_id, o.environment, o.provider_id)
                and c.status = 'accepted' and c.reason = 'unsound')
            """)),
        new("INV-5", "Adjustments take no more from a sale than its total, but for a minor unit a line.", Found("""
            select o.provider_id as name
            from object as o
              join fact as f on f.tenant_id = o.tenant_id and f.environment = o.environment and f.transaction_id = o.provider_id
            where o.tenant_id = $1 and o.kind = 'sale' and o.total >= 0
            group by o.provider_id, o.total
            having o.total + coalesce(sum(f.total) filter (where f.kind <> 'sale'), 0) < - max(cardinality(f.lines))
            """)),
        new("INV-9", "The versions of each stream are 1 to n without a hole.", Found("""
            select e.stream_id as name from mt_events as e where e.tenant_id = $1
            group by e.stream_id having min(e.version) <> 1 or max(e.version) <> count(*)
            """)),
        new("INV-10", "Nothing of a workspace belongs to a sale of another.", Found("""
            select o.provider_id as name from object as o
            where o.tenant_id = $1 and o.kind <> 'sale'
              and not exists (select from object as s where (s.tenant_id, s.environment, s.provider_id) = (o.tenant_id, o.environment, o.transaction_id))
              and exists (select from object as s where s.environment = o.environment and s.provider_id = o.transaction_id)
            """), Blocks: false), // two workspaces may have the same account
        new("INV-11", "An adjustment is in the currency of its sale, so that no sum is over two.", Found("""
            select o.provider_id as name
            from object as o join object as s on (s.tenant_id, s.environment, s.provider_id) = (o.tenant_id, o.environment, o.transaction_id)
            where o.tenant_id = $1 and o.kind <> 'sale' and s.kind = 'sale' and s.currency <> o.currency
            """)),
        new("undone-once", "What a person undid, Paddle did not undo too.", Found("""
            select min(o.provider_id) as name from object as o
            where o.tenant_id = $1 and o.status = 'reversed' and o.kind <> 'sale'
            group by o.environment, o.transaction_id, o.kind, o.currency, o.total
            having count(*) filter (where o.counter_total <> 0) > 0 and count(*) < count(*) filter (where o.counter_total <> 0) + (
              select count(*) from object as r where r.tenant_id = $1 and r.environment = o.environment and r.transaction_id = o.transaction_id
                and r.kind = o.kind || '_reverse' and r.currency = o.currency and r.total = - o.total)
            """)),
        new("complete", "A sale less the adjustments known is what Paddle says is left of it.", Found($"""
            select c.provider_id as name from ({Completeness.Query} where o.tenant_id = $1 and o.kind = 'sale') as c where c.state = '{Completeness.Difference}'
            """), Blocks: false),
        new("sale-known", "The sale of each adjustment that counts is known.", Found("""
            select o.provider_id as name from object as o
            where o.tenant_id = $1 and o.kind <> 'sale'
              and not exists (select from object as s where (s.tenant_id, s.environment, s.provider_id) = (o.tenant_id, o.environment, o.transaction_id))
            """), Blocks: false),
    ];

    private static string Found(string names) => $"select count(*), coalesce((array_agg(b.name order by b.name))[1:10], '{{}}') from ({names}) as b";
}
