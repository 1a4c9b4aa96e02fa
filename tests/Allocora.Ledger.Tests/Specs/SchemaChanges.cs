using System.Text.Json.Nodes;

namespace Allocora.Ledger.Tests.Specs;

/// <summary>What a new form of a message does to those who read the old one.</summary>
internal static class SchemaChanges
{
    private static readonly string[] Compared = ["format", "pattern", "enum", "const", "$ref"];

    /// <summary>Each thing a reader of the old form may stumble over. It may have more members; what it had must stay as it was.</summary>
    public static IEnumerable<string> ThatBreak(JsonNode old, JsonNode now, string path = "$")
    {
        foreach (var type in Types(now).Except(Types(old)))
            yield return type == "null" ? $"{path} may be null now" : $"{path} may be of type {type} now";
        foreach (var word in Compared)
            if (!JsonNode.DeepEquals(old[word], now[word])) yield return $"{path} has another {word}";
        foreach (var (name, member) in Members(old))
        {
            if (Members(now).GetValueOrDefault(name) is not { } still) yield return $"{path}.{name} is gone";
            else foreach (var broken in ThatBreak(member, still, $"{path}.{name}")) yield return broken;
        }
        foreach (var name in Required(old).Except(Required(now)).Where(Members(now).ContainsKey)) yield return $"{path}.{name} may be left out now";
        foreach (var (word, inside) in new[] { ("items", "[]"), ("additionalProperties", ".*") })
        {
            if (old[word] is not JsonObject before) continue;
            if (now[word] is not JsonObject after) yield return $"{path}{inside} is gone";
            else foreach (var broken in ThatBreak(before, after, $"{path}{inside}")) yield return broken;
        }
    }

    /// <summary>Each thing in a message that its schema does not say.</summary>
    public static IEnumerable<string> NotAsIn(JsonNode schema, JsonNode? message, string path = "$")
    {
        var type = message?.GetValueKind().ToString() switch
        {
            null => "null",
            "True" or "False" => "boolean",
            "Number" => "integer",
            var other => other.ToLowerInvariant(),
        };
        if (!Types(schema).Contains(type)) yield return $"{path} is of type {type}";
        if (message is JsonObject told)
        {
            foreach (var name in Required(schema).Where(name => !told.ContainsKey(name))) yield return $"{path}.{name} is missing";
            foreach (var (name, value) in told)
            {
                if ((Members(schema).GetValueOrDefault(name) ?? schema["additionalProperties"]) is not { } member) yield return $"{path}.{name} is not known";
                else foreach (var wrong in NotAsIn(member, value, $"{path}.{name}")) yield return wrong;
            }
        }
        if (message is JsonArray all && schema["items"] is { } items)
            foreach (var wrong in all.SelectMany(one => NotAsIn(items, one, $"{path}[]"))) yield return wrong;
    }

    private static string[] Types(JsonNode schema) => schema["type"] switch
    {
        JsonArray several => [.. several.Select(t => $"{t}")],
        null => [],
        var one => [$"{one}"],
    };

    private static Dictionary<string, JsonNode> Members(JsonNode schema) =>
        schema["properties"]?.AsObject().ToDictionary(p => p.Key, p => p.Value!) ?? [];

    private static string[] Required(JsonNode schema) => schema["required"] is JsonArray names ? [.. names.Select(n => $"{n}")] : [];
}
