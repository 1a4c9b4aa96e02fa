using Allocora.Contracts;
using Allocora.Contracts.Api;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>A row of <c>fact</c> as the API shows it.</summary>
internal static class FactColumns
{
    public const string All = """
        f.id, f.kind, f.change, f.environment, f.source_id, f.provider_id, f.transaction_id, f.status, f.currency, f.subtotal, f.discount, f.tax, f.total,
        f.fee, f.earnings, f.payout_currency, f.payout_total, f.payout_tax, f.payout_fee, f.payout_earnings, f.chargeback_fee, f.exchange_rate, f.country,
        f.products, f.effective_at, f.observed_at, f.recorded_at, f.settled_at, f.seq, f.part
        """;

    public static async Task<List<(FactDetails Fact, int Part)>> Read(NpgsqlCommand command, CancellationToken ct)
    {
        var facts = new List<(FactDetails, int)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct)) facts.Add((Of(reader), reader.GetInt32(29)));
        return facts;
    }

    private static FactDetails Of(NpgsqlDataReader r)
    {
        var currency = Currency.Parse(r.GetString(8));
        var (tax, total) = (new Money(r.GetInt64(11), currency), new Money(r.GetInt64(12), currency));
        FactPayout? payout = null;
        if (!r.IsDBNull(15))
        {
            var of = Currency.Parse(r.GetString(15));
            payout = new(new(r.GetInt64(16), of), new(r.GetInt64(17), of), Maybe(r, 18, of), Maybe(r, 19, of), Maybe(r, 20, of), Text(r, 21));
        }
        return new(
            r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5), r.GetString(6), r.GetString(7),
            new(r.GetInt64(9), currency), new(r.GetInt64(10), currency), tax, total, total - tax, Maybe(r, 13, currency), Maybe(r, 14, currency), payout,
            Text(r, 22), r.GetFieldValue<string[]>(23), r.GetFieldValue<DateTimeOffset>(24), r.GetFieldValue<DateTimeOffset>(25),
            r.GetFieldValue<DateTimeOffset>(26), r.IsDBNull(27) ? null : r.GetFieldValue<DateTimeOffset>(27), r.GetInt64(28));
    }

    private static Money? Maybe(NpgsqlDataReader r, int column, Currency currency) => r.IsDBNull(column) ? null : new(r.GetInt64(column), currency);

    private static string? Text(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
}
