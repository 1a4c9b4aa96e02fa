using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What a fault does to the JSON of an answer that is right otherwise.</summary>
internal static class Tampering
{
    public static void Apply(Fault fault, JsonObject answer)
    {
        var (rows, pagination) = (answer["data"] as JsonArray, answer["meta"]?["pagination"] as JsonObject);
        switch (fault.Kind)
        {
            case "next" when pagination is not null:
                pagination["next"] = fault.Text("next", "");
                break;
            case "duplicate" when rows is { Count: > 0 }:
                rows.Insert(1, rows[0]!.DeepClone());
                break;
            case "shift" when rows is { Count: > 0 }:
                Shift(fault, rows);
                break;
            case "currency-case":
                Lower(answer["data"]);
                break;
            case "enum":
                foreach (var row in Objects(answer["data"])) Surprise(row, fault.Text("field", "status"), fault.Text("value", "unheard_of"));
                break;
            case "missing":
                TakeOut(answer["data"], fault.Fields);
                break;
        }
    }

    /// <summary>The page a row was on is over: what comes next may repeat it.</summary>
    public static void Remember(Fault fault, JsonObject answer)
    {
        if (answer["data"] is JsonArray { Count: > 0 } rows) fault.LastRow = rows[^1]!.DeepClone();
    }

    private static void Shift(Fault fault, JsonArray rows)
    {
        if (fault.Text("way", "skip") == "skip") rows.RemoveAt(0);
        else if (fault.LastRow is { } last) rows.Insert(0, last.DeepClone());
    }

    private static IEnumerable<JsonObject> Objects(JsonNode? data) => data is JsonArray rows ? rows.OfType<JsonObject>() : data is JsonObject one ? [one] : [];

    private static void Surprise(JsonObject row, string field, string value)
    {
        if (row.ContainsKey(field)) row[field] = value;
    }

    private static void Lower(JsonNode? node)
    {
        if (node is JsonArray rows)
        {
            foreach (var row in rows) Lower(row);
        }
        if (node is not JsonObject json) return;
        if (json["currency_code"] is JsonValue code && code.TryGetValue<string>(out var text)) json["currency_code"] = text.ToLowerInvariant();
        foreach (var (_, value) in json) Lower(value);
    }

    private static void TakeOut(JsonNode? node, string[] fields)
    {
        if (node is JsonArray rows)
        {
            foreach (var row in rows) TakeOut(row, fields);
        }
        if (node is not JsonObject json) return;
        foreach (var field in fields) json.Remove(field);
        foreach (var (_, value) in json) TakeOut(value, fields);
    }
}
