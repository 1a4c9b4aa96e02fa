namespace Allocora.Ledger;

/// <summary>Holds what is known of each sale's adjustments against what Paddle said last is left of it.</summary>
internal static class Completeness
{
    /// <summary>Paddle and the books agree; they do not; the sale was last seen before an adjustment changed; or Paddle never said.</summary>
    public const string Complete = "complete", Difference = "difference", NotSeenSince = "not-seen-since", Unknown = "unknown";

    /// <summary>One row for each sale of <c>object as o</c>; the caller says which.</summary>
    public const string Query = $"""
        select o.tenant_id, o.environment, o.provider_id, o.currency, o.total + a.effects as in_books, s.adjusted_total as by_paddle, s.seen_at,
          case
            when s.adjusted_total is null or s.currency <> o.currency then '{Unknown}'
            when s.adjusted_total = o.total + a.effects then '{Complete}'
            when a.last > s.seen_at or o.updated_at > s.seen_at then '{NotSeenSince}'
            else '{Difference}'
          end as state
        from object as o
          left join sale_sight as s on (s.tenant_id, s.environment, s.provider_id) = (o.tenant_id, o.environment, o.provider_id)
          cross join lateral (
            select coalesce(sum(w.total + w.counter_total), 0)::bigint as effects, max(w.updated_at) as last
            from object as w
            where w.tenant_id = o.tenant_id and w.environment = o.environment and w.transaction_id = o.provider_id and w.kind <> 'sale') as a
        """;
}
