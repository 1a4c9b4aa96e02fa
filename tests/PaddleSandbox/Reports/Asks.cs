using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>One filter of a report, as it was asked for and checked.</summary>
/// <param name="Operator">lt or gte for a time; null for a list of values.</param>
internal sealed record Asks(string Name, string? Operator, IReadOnlyList<string> Values, long? Limit = null)
{
    public static Asks Since(string name, long instant) => new(name, "gte", [Instants.Text(instant)], instant);

    // A time is written as one value, also when it was asked for in an array.
    public JsonObject Json() => new()
    {
        ["name"] = Name,
        ["value"] = Operator is null ? new JsonArray([.. Values.Select(value => (JsonNode)value)]) : Values[0],
        ["operator"] = Operator,
    };
}

/// <summary>The filters of one report.</summary>
internal sealed class Question(IReadOnlyList<Asks> asks)
{
    public IReadOnlyList<Asks> All => asks;

    public JsonArray Json() => new([.. asks.Select(one => one.Json())]);

    public Question With(IEnumerable<Asks> more) => new([.. asks, .. more]);

    public bool Has(string name) => asks.Any(one => one.Name == name);

    /// <summary>The value is one of those that were asked for, or nothing was asked about it.</summary>
    public bool Takes(string name, string? value) => asks.All(one => one.Name != name || one.Values.Contains(value));

    /// <summary>The time is within what was asked for.</summary>
    public bool Covers(string name, long? time) =>
        asks.All(one => one.Name != name || time is { } at && (one.Operator == "lt" ? at < one.Limit : at >= one.Limit));

    /// <summary>Reads and checks the filters of a request to make a report of this type.</summary>
    public static Question Read(ReportType type, JsonArray? filters)
    {
        var asks = (filters ?? []).Select((filter, at) => One(type, filter, $"filters[{at}]")).ToList();
        if (asks.Count > 10) throw Refused.Invalid("filters", "must be 10 at most");
        if (asks.Where(one => type.Exclusive.Contains(one.Name)).Select(one => one.Name).Distinct().Count() > 1)
            throw Refused.Invalid("filters", $"only one of {string.Join(", ", type.Exclusive)} can be used");
        foreach (var group in asks.GroupBy(one => (one.Name, one.Operator)).Where(group => group.Count() > 1))
            throw Refused.Invalid("filters", $"{group.Key.Name} is given more than once{(group.Key.Operator is { } same ? $" with {same}" : "")}");
        return new(asks);
    }

    /// <summary>The filters of a report that is there already.</summary>
    public static Question Of(ReportType type, JsonObject report) => new([.. report.Parts("filters").Select(filter => One(type, filter, "filters"))]);

    private static Asks One(ReportType type, JsonNode? node, string where)
    {
        if (node is not JsonObject filter) throw Refused.Invalid(where, "must be an object");
        if (filter.FirstOrDefault(one => one.Key is not ("name" or "operator" or "value")) is { Key: { } unknown })
            throw Refused.Invalid($"{where}.{unknown}", "is not a field of a filter");
        var (name, way) = (filter.Word("name"), filter["operator"] is null ? null : filter.Word("operator") ?? "");
        if (type.Filters.FirstOrDefault(one => one.Name == name) is not { } rule)
            throw Refused.Invalid($"{where}.name", $"must be one of {string.Join(", ", type.Filters.Select(one => one.Name))}");
        var values = Values(filter["value"], where);
        if (!rule.IsTime) return Listed(rule, way, filter["value"] is JsonArray, values, where);
        if (way is not ("lt" or "gte")) throw Refused.Invalid($"{where}.operator", "must be lt or gte");
        if (values.Count != 1 || Instants.Parse(values[0]) is not { } limit) throw Refused.Invalid($"{where}.value", "must be one time of RFC 3339");
        return new(name!, way, values, limit);
    }

    private static Asks Listed(Rule rule, string? way, bool isArray, IReadOnlyList<string> values, string where)
    {
        if (way is not null) throw Refused.Invalid($"{where}.operator", "must be null");
        if (!isArray) throw Refused.Invalid($"{where}.value", "must be an array");
        if (rule.Values is { } known && values.FirstOrDefault(one => !known.Contains(one)) is { } unknown)
            throw Refused.Invalid($"{where}.value", $"must be of {string.Join(", ", known)}, not {unknown}");
        return new(rule.Name, null, values);
    }

    private static List<string> Values(JsonNode? value, string where)
    {
        var all = value is JsonArray many ? many.ToList() : [value];
        if (all.Count == 0 || all.Any(one => one?.GetValueKind() != JsonValueKind.String))
            throw Refused.Invalid($"{where}.value", "must be a string or an array of strings");
        return all.ConvertAll(one => one!.GetValue<string>());
    }
}
