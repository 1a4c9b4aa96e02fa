using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>A row of <c>fact</c>. Its members have the names of the columns, in another spelling.</summary>
internal sealed record FactRow(
    string TenantId, string Id, long Seq, int Part, string Kind, string Change, string Environment, string SourceId, string ProviderId,
    string TransactionId, string Status, DateTimeOffset EffectiveAt, DateTimeOffset ObservedAt, DateTimeOffset RecordedAt, string Currency, long Subtotal,
    long Discount, long Tax, long Total, string[] Products, string[] Lines)
{
    public const string Sale = "sale", Original = "original", Revision = "revision", Counter = "counter";

    public long? Fee { get; init; }
    public long? Earnings { get; init; }
    public string? PayoutCurrency { get; init; }
    public long? PayoutTotal { get; init; }
    public long? PayoutTax { get; init; }
    public long? PayoutFee { get; init; }
    public long? PayoutEarnings { get; init; }
    public long? ChargebackFee { get; init; }
    public string? ExchangeRate { get; init; }
    public DateTimeOffset? SettledAt { get; init; }
    public string? Country { get; init; }

    public static FactRow OfSale(StoredEvent stored, PaddleTransaction sale, SeenAt seen, SaleAmounts amounts, int part, string change) => new(
        stored.Workspace, IdOf(stored, seen, sale.Id, part, change), stored.Sequence, part, Sale, change, seen.Environment, seen.Source, sale.Id, sale.Id,
        sale.Status, sale.BilledAt ?? sale.CreatedAt, sale.UpdatedAt, stored.At, amounts.Total.Currency.Code, amounts.Subtotal.Minor, amounts.Discount.Minor,
        amounts.Tax.Minor, amounts.Total.Minor, [.. sale.Lines.Select(l => l.ProductId).OfType<string>().Distinct()], [.. sale.Lines.Select(l => l.Id)])
    {
        Fee = amounts.Fee?.Minor,
        Earnings = amounts.Earnings?.Minor,
        PayoutCurrency = amounts.Payout?.Total.Currency.Code,
        PayoutTotal = amounts.Payout?.Total.Minor,
        PayoutTax = amounts.Payout?.Tax.Minor,
        PayoutFee = amounts.Payout?.Fee?.Minor,
        PayoutEarnings = amounts.Payout?.Earnings?.Minor,
        ExchangeRate = sale.Payout?.ExchangeRate,
        SettledAt = sale.Payout is null ? null : stored.At,
        Country = sale.Place?.Country,
    };

    public static FactRow OfAdjustment(StoredEvent stored, PaddleAdjustment adjustment, SeenAt seen, AdjustmentAmounts amounts, int part, string change) => new(
        stored.Workspace, IdOf(stored, seen, adjustment.Id, part, change), stored.Sequence, part, adjustment.Action, change, seen.Environment, seen.Source,
        adjustment.Id, adjustment.TransactionId, adjustment.Status, adjustment.CreatedAt, adjustment.UpdatedAt ?? adjustment.CreatedAt, stored.At,
        amounts.Total.Currency.Code, amounts.Subtotal.Minor, Discount: 0, amounts.Tax.Minor, amounts.Total.Minor, [],
        [.. adjustment.Lines.Select(l => l.LineId).OfType<string>()])
    {
        Fee = amounts.Fee?.Minor,
        Earnings = amounts.Earnings?.Minor,
        PayoutCurrency = amounts.Payout?.Total.Currency.Code,
        PayoutTotal = amounts.Payout?.Total.Minor,
        PayoutTax = amounts.Payout?.Tax.Minor,
        PayoutFee = amounts.Payout?.Fee?.Minor,
        PayoutEarnings = amounts.Payout?.Earnings?.Minor,
        ChargebackFee = amounts.Payout?.ChargebackFee?.Minor,
        SettledAt = adjustment.Payout is null ? null : stored.At,
    };

    private static string IdOf(StoredEvent stored, SeenAt seen, string providerId, int part, string change) =>
        FactId.Of(stored.Workspace, seen.Environment, providerId, change == Original ? "" : part == 1 ? $"{stored.Version}" : $"{stored.Version}/{part}");
}

/// <summary>A row of <c>object</c>.</summary>
internal sealed record ObjectRow(
    string TenantId, string Environment, string ProviderId, string Kind, string TransactionId, string Status, DateTimeOffset UpdatedAt, DateTimeOffset SeenAt,
    string Currency, long Subtotal, long Discount, long Tax, long Total, long Credit, long GrandTotal, long Seq)
{
    public long? Fee { get; init; }
    public long? Earnings { get; init; }
    public string? PayoutCurrency { get; init; }
    public long? PayoutTotal { get; init; }
    public long? PayoutEarnings { get; init; }
    public string? Country { get; init; }
    public long CounterTotal { get; init; }

    /// <summary>What was booked against it stays.</summary>
    public const string Replace = """
        insert into object select r.* from {rows}
        on conflict (tenant_id, environment, provider_id) do update set kind = excluded.kind, transaction_id = excluded.transaction_id,
          status = excluded.status, updated_at = excluded.updated_at, seen_at = excluded.seen_at, currency = excluded.currency,
          subtotal = excluded.subtotal, discount = excluded.discount, tax = excluded.tax, total = excluded.total, credit = excluded.credit,
          grand_total = excluded.grand_total, fee = excluded.fee, earnings = excluded.earnings, payout_currency = excluded.payout_currency,
          payout_total = excluded.payout_total, payout_earnings = excluded.payout_earnings, country = excluded.country, seq = excluded.seq
        """;

    public static ObjectRow Of(StoredEvent stored, PaddleTransaction sale, SeenAt seen) => new(
        stored.Workspace, seen.Environment, sale.Id, FactRow.Sale, sale.Id, sale.Status, sale.UpdatedAt, seen.At, sale.Totals.Total.Currency.Code,
        sale.Totals.Subtotal.Minor, sale.Totals.Discount.Minor, sale.Totals.Tax.Minor, sale.Totals.Total.Minor,
        (sale.Totals.Credit - sale.Totals.CreditToBalance).Minor, sale.Totals.GrandTotal.Minor, stored.Sequence)
    {
        Fee = sale.Fee?.Minor,
        Earnings = sale.Earnings?.Minor,
        PayoutCurrency = sale.Payout?.Total.Currency.Code,
        PayoutTotal = sale.Payout?.Total.Minor,
        PayoutEarnings = sale.Payout?.Earnings?.Minor,
        Country = sale.Place?.Country,
    };

    public static ObjectRow Of(StoredEvent stored, PaddleAdjustment adjustment, SeenAt seen)
    {
        var effect = ChangeContent.EffectOf(adjustment);
        return new(
            stored.Workspace, seen.Environment, adjustment.Id, adjustment.Action, adjustment.TransactionId, adjustment.Status,
            adjustment.UpdatedAt ?? adjustment.CreatedAt, seen.At, effect.Total.Currency.Code, effect.Subtotal.Minor, Discount: 0, effect.Tax.Minor,
            effect.Total.Minor, Credit: 0, effect.Total.Minor, stored.Sequence)
        {
            Fee = effect.Fee?.Minor,
            Earnings = effect.Earnings?.Minor,
            PayoutCurrency = effect.Payout?.Total.Currency.Code,
            PayoutTotal = effect.Payout?.Total.Minor,
            PayoutEarnings = effect.Payout?.Earnings?.Minor,
        };
    }
}

/// <summary>A row of <c>contradiction</c>.</summary>
internal sealed record ContradictionRow(
    string TenantId, string Id, string Environment, string ProviderId, string Reason, string Version, string Status, long Seq, DateTimeOffset FoundAt)
{
    public DateTimeOffset? ClosedAt { get; init; }
    public string? ClosedBy { get; init; }
    public string? Note { get; init; }
}

internal sealed record SyncRunRow(string TenantId, string RunId, long Fetched, long Outcomes);

internal sealed record LineRow(string TenantId, string Environment, string LineId, string? ProductId);

/// <summary>Rows as PostgreSQL takes them apart again: <c>jsonb_populate_record</c> knows columns by their names.</summary>
internal static class RowText
{
    private static readonly JsonSerializerOptions Columns = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static string[] Of<T>(IEnumerable<T> rows) => [.. rows.Select(row => JsonSerializer.Serialize(row, Columns))];
}
