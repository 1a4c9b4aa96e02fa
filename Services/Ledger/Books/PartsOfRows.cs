using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>What the seller gets of a sale that stands in the tables already.</summary>
internal sealed record Settling(
    string TenantId, string Environment, string ProviderId, string FactId, string Status, DateTimeOffset UpdatedAt, DateTimeOffset SeenAt, long? Fee,
    long? Earnings, string PayoutCurrency, long PayoutTotal, long PayoutTax, long? PayoutFee, long? PayoutEarnings, string? ExchangeRate,
    DateTimeOffset SettledAt, long Seq)
{
    public const string Columns = """
        tenant_id text, environment text, provider_id text, fact_id text, status text, updated_at timestamptz, seen_at timestamptz, fee bigint,
        earnings bigint, payout_currency text, payout_total bigint, payout_tax bigint, payout_fee bigint, payout_earnings bigint, exchange_rate text,
        settled_at timestamptz, seq bigint
        """;

    public const string ToFact = """
        update fact as f set status = case when r.updated_at >= f.observed_at then r.status else f.status end, fee = r.fee, earnings = r.earnings,
          payout_currency = r.payout_currency, payout_total = r.payout_total,
          payout_tax = r.payout_tax, payout_fee = r.payout_fee, payout_earnings = r.payout_earnings, exchange_rate = r.exchange_rate,
          settled_at = r.settled_at
        from {rows} where f.tenant_id = r.tenant_id and f.id = r.fact_id
        """;

    public const string ToObject = """
        update object as o set status = case when r.updated_at >= o.updated_at then r.status else o.status end,
          updated_at = greatest(o.updated_at, r.updated_at), seen_at = greatest(o.seen_at, r.seen_at), fee = r.fee, earnings = r.earnings,
          payout_currency = r.payout_currency, payout_total = r.payout_total, payout_earnings = r.payout_earnings, seq = r.seq
        from {rows} where o.tenant_id = r.tenant_id and o.environment = r.environment and o.provider_id = r.provider_id
        """;

    public FactRow Of(FactRow fact) => fact with
    {
        Status = UpdatedAt >= fact.ObservedAt ? Status : fact.Status,
        Fee = Fee,
        Earnings = Earnings,
        PayoutCurrency = PayoutCurrency,
        PayoutTotal = PayoutTotal,
        PayoutTax = PayoutTax,
        PayoutFee = PayoutFee,
        PayoutEarnings = PayoutEarnings,
        ExchangeRate = ExchangeRate,
        SettledAt = SettledAt,
    };

    public ObjectRow Of(ObjectRow state) => state with
    {
        Status = UpdatedAt >= state.UpdatedAt ? Status : state.Status,
        UpdatedAt = state.UpdatedAt > UpdatedAt ? state.UpdatedAt : UpdatedAt,
        SeenAt = state.SeenAt > SeenAt ? state.SeenAt : SeenAt,
        Fee = Fee,
        Earnings = Earnings,
        PayoutCurrency = PayoutCurrency,
        PayoutTotal = PayoutTotal,
        PayoutEarnings = PayoutEarnings,
        Seq = Seq,
    };
}

/// <summary>An adjustment that stands in the tables already and was taken back.</summary>
internal sealed record TakenBack(
    string TenantId, string Environment, string ProviderId, string Status, DateTimeOffset? UpdatedAt, DateTimeOffset SeenAt, long Seq)
{
    public const string Columns =
        "tenant_id text, environment text, provider_id text, status text, updated_at timestamptz, seen_at timestamptz, seq bigint";

    public const string ToObject = """
        update object as o set status = r.status, updated_at = coalesce(r.updated_at, o.updated_at), seen_at = r.seen_at, seq = r.seq
        from {rows} where o.tenant_id = r.tenant_id and o.environment = r.environment and o.provider_id = r.provider_id
        """;
}

/// <summary>What a person booked against an adjustment.</summary>
internal sealed record Countered(string TenantId, string Environment, string ProviderId, long Amount, long Seq)
{
    public const string Columns = "tenant_id text, environment text, provider_id text, amount bigint, seq bigint";

    public const string ToObject = """
        update object as o set counter_total = o.counter_total + r.amount, seq = greatest(o.seq, r.seq)
        from {rows} where o.tenant_id = r.tenant_id and o.environment = r.environment and o.provider_id = r.provider_id
        """;

    public static FactRow FactOf(StoredEvent stored, AdjustmentCounterBooked e) => new(
        stored.Workspace, Ledger.FactId.Of(stored.Workspace, e.Environment, e.Adjustment, $"{stored.Version}"), stored.Sequence, 1, e.Action, FactRow.Counter,
        e.Environment, e.Source, e.Adjustment, e.Transaction, Change.Reversed, stored.At, stored.At, stored.At, e.Amounts.Total.Currency.Code,
        e.Amounts.Subtotal.Minor, Discount: 0, e.Amounts.Tax.Minor, e.Amounts.Total.Minor, [], [.. e.Lines.Select(l => l.LineId).OfType<string>()])
    {
        Fee = e.Amounts.Fee?.Minor,
        Earnings = e.Amounts.Earnings?.Minor,
        PayoutCurrency = e.Amounts.Payout?.Total.Currency.Code,
        PayoutTotal = e.Amounts.Payout?.Total.Minor,
        PayoutTax = e.Amounts.Payout?.Tax.Minor,
        PayoutFee = e.Amounts.Payout?.Fee?.Minor,
        PayoutEarnings = e.Amounts.Payout?.Earnings?.Minor,
        ChargebackFee = e.Amounts.Payout?.ChargebackFee?.Minor,
    };
}

/// <summary>How a contradiction ended that stands in the tables already.</summary>
internal sealed record Closing(string TenantId, string Id, string Status, DateTimeOffset ClosedAt, string? ClosedBy, string? Note)
{
    public const string Columns = "tenant_id text, id text, status text, closed_at timestamptz, closed_by text, note text";

    public const string ToContradiction = """
        update contradiction as c set status = r.status, closed_at = r.closed_at, closed_by = r.closed_by, note = r.note
        from {rows} where c.tenant_id = r.tenant_id and c.id = r.id
        """;
}
