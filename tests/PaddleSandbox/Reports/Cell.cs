using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>What stands in one place of a report file: a text, or an amount that is written in the units of its currency.</summary>
/// <param name="Currency">Of the amount; null where it is a text.</param>
internal readonly record struct Cell(string? Text, long Amount = 0, string? Currency = null)
{
    public static implicit operator Cell(string? text) => new(text);

    public static Cell Money(long? amount, string? currency) => amount is null ? default : new(null, amount.Value, currency ?? "USD");

    public static Cell Money(JsonNode? totals, string field, string? currency) => Money(totals.Amount(field), currency);

    public static Cell Time(long? instant) => instant is { } at ? Instants.Text(at) : null;

    public static Cell List(IEnumerable<string?> many) => string.Join(',', many.Where(one => one is not null)) is { Length: > 0 } text ? text : null;

    public string? Write(bool inMajorUnits)
    {
        if (Currency is null) return Text;
        var digits = Amount.ToString(CultureInfo.InvariantCulture);
        var places = inMajorUnits ? Currencies.Places(Currency) : 0;
        if (places == 0) return digits;
        var sign = Amount < 0 ? "-" : "";
        var padded = digits[sign.Length..].PadLeft(places + 1, '0');
        return $"{sign}{padded[..^places]}.{padded[^places..]}";
    }
}

/// <summary>One column of a report: what it is called, and what stands in it for an entity.</summary>
internal sealed record Column<T>(string Name, Func<T, Cell> Of);

/// <summary>What a report holds: its header, how many rows there are, and the rows one after another, made as they are read.</summary>
internal sealed record Sheet(IReadOnlyList<string> Header, Func<int> Count, Func<IEnumerable<Cell[]>> Rows)
{
    public static Sheet Of<T>(IReadOnlyList<Column<T>> columns, Func<int> count, Func<IEnumerable<T>> entities) => new(
        [.. columns.Select(column => column.Name)], count, () => entities().Select(entity => columns.Select(column => column.Of(entity)).ToArray()));
}
