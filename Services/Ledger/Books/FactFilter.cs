using System.Globalization;
using System.Text;
using Allocora.ServiceDefaults;
using NodaTime;
using NodaTime.Text;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.Ledger;

/// <summary>What of the facts a request asks for, the newest first.</summary>
internal sealed record FactFilter(
    DateTimeOffset? From, DateTimeOffset? To, string? Product, string? Kind, string? Currency, string? Country, string? Transaction, int Limit,
    FactCursor? After)
{
    private const int LimitMax = 200, LimitUsual = 50, WordMax = 64;

    /// <summary>Reads the words of the query; <paramref name="zone"/> says when its days begin.</summary>
    public static (FactFilter? Filter, FieldError? Wrong) Of(IQueryCollection query, DateTimeZone zone)
    {
        var (from, to) = ((DateTimeOffset?)null, (DateTimeOffset?)null);
        if (Word(query, "period") is { } period)
        {
            if (query.ContainsKey("from") || query.ContainsKey("to")) return Refuse("period", "Give a period, or from and to.");
            if (YearMonthPattern.Iso.Parse(period) is not { Success: true, Value: { Year: > 1 and < 9998 } month })
                return Refuse("period", "Give a month as 2026-10.");
            (from, to) = (Days.BeginningOf(month.OnDayOfMonth(1), zone), Days.BeginningOf(month.PlusMonths(1).OnDayOfMonth(1), zone));
        }
        if (Word(query, "from") is { } begin && (from = Days.Read(begin, zone)) is null)
            return Refuse("from", "Give a day as 2026-10-01 or a time as 2026-10-01T00:00:00Z.");
        if (Word(query, "to") is { } end && (to = Days.Read(end, zone)) is null)
            return Refuse("to", "Give a day as 2026-11-01 or a time as 2026-11-01T00:00:00Z; it is the first left out.");
        if (from >= to) return Refuse("to", "It must be after from.");

        foreach (var (name, given) in query)
            if (given is not [{ Length: > 0 }]) return Refuse(name, "Give it once, with a value, or leave it out.");
        var limit = LimitUsual;
        if (Word(query, "limit") is { } count
            && (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > LimitMax))
            return Refuse("limit", $"Give a limit from 1 to {LimitMax}.");
        FactCursor? after = null;
        if (Word(query, "cursor") is { } cursor && (after = FactCursor.Read(cursor)) is null) return Refuse("cursor", "This is no cursor of this list.");
        foreach (var name in new[] { "product", "kind", "currency", "country", "transaction" })
            if (Word(query, name) is { } word && (word.Length > WordMax || !word.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')))
                return Refuse(name, $"No fact has this {name}.");
        var filter = new FactFilter(
            from, to, Word(query, "product"), Word(query, "kind"), Word(query, "currency"), Word(query, "country"), Word(query, "transaction"), limit, after);
        return (filter, null);
    }

    /// <summary>The query for one more row than asked for, which tells that there is more.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, string workspace)
    {
        var command = new NpgsqlCommand { Connection = connection };
        // Both tables have what the order goes by: the index that leads to the rows is also in their order.
        var by = Product is null ? "f" : "p";
        var text = new StringBuilder($"select {FactColumns.All} from fact as f");
        if (Product is not null) text.Append(" join fact_product as p on p.tenant_id = f.tenant_id and p.fact_id = f.id");
        text.Append(" where f.tenant_id = ").Append(Parameter(workspace));
        if (Product is not null) text.Append(" and p.tenant_id = $1 and p.product_id = ").Append(Parameter(Product));
        if (From is { } from) text.Append($" and {by}.effective_at >= ").Append(Parameter(from));
        if (To is { } to) text.Append($" and {by}.effective_at < ").Append(Parameter(to));
        if (Kind is not null) text.Append(" and f.kind = ").Append(Parameter(Kind));
        if (Currency is not null) text.Append(" and f.currency = ").Append(Parameter(Currency));
        if (Country is not null) text.Append(" and f.country = ").Append(Parameter(Country));
        if (Transaction is not null) text.Append(" and f.environment in ('live', 'sandbox') and f.transaction_id = ").Append(Parameter(Transaction));
        if (After is { } after)
        {
            text.Append($" and ({by}.effective_at, {by}.seq, {by}.part) < (").Append(Parameter(after.EffectiveAt)).Append(", ")
                .Append(Parameter(after.Sequence)).Append(", ").Append(Parameter(after.Part)).Append(')');
        }
        text.Append($" order by {by}.effective_at desc, {by}.seq desc, {by}.part desc limit ").Append(Parameter(Limit + 1));
#pragma warning disable CA2100 // made of words of this file; what was asked for comes as parameters
        command.CommandText = text.ToString();
#pragma warning restore CA2100
        return command;

        string Parameter(object value)
        {
            command.Parameters.Add(value is DateTimeOffset at
                ? new() { Value = at.ToUniversalTime(), NpgsqlDbType = NpgsqlDbType.TimestampTz }
                : new() { Value = value });
            return $"${command.Parameters.Count}";
        }
    }

    private static string? Word(IQueryCollection query, string name) => query[name] is [{ Length: > 0 } word] ? word : null;

    private static (FactFilter?, FieldError?) Refuse(string name, string message) => (null, new(name, message));
}

/// <summary>The place in the list after which the next page begins.</summary>
internal sealed record FactCursor(DateTimeOffset EffectiveAt, long Sequence, int Part)
{
    private const int LengthMax = 64;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(EffectiveAt - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond}.{Sequence}.{Part}");

    public static FactCursor? Read(string text)
    {
        if (text.Length > LengthMax || text.Split('.') is not [var at, var sequence, var part]) return null;
        if (!long.TryParse(at, CultureInfo.InvariantCulture, out var microseconds) || !long.TryParse(sequence, CultureInfo.InvariantCulture, out var seq)
            || !int.TryParse(part, CultureInfo.InvariantCulture, out var number)) return null;
        var since = DateTimeOffset.UnixEpoch;
        return microseconds < (DateTimeOffset.MinValue - since).Ticks / TimeSpan.TicksPerMicrosecond
            || microseconds > (DateTimeOffset.MaxValue - since).Ticks / TimeSpan.TicksPerMicrosecond
                ? null
                : new(since.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond), seq, number);
    }
}
