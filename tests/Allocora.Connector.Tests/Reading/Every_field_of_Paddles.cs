using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>The table of all fields says of each what becomes of it, and is held against Paddle's schemas and against what is done.</summary>
public sealed partial class Every_field_of_Paddles
{
    private static readonly JsonObject Schemas = ReadSchemas();
    private static readonly string[] Keys = ["ref"];

    public static TheoryData<string, string> Resources => new() { { "Transaction", "transaction-includes" }, { "Adjustment", "adjustment" } };

    [Theory, MemberData(nameof(Resources))]
    public void Is_in_the_table_and_nothing_else_is(string title, string schema) =>
        Assert.Equal(Leaves(schema).Select(l => l.Path).Order(StringComparer.Ordinal), Table(title).Select(r => r.Path).Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Resources))]
    public void Becomes_what_the_table_says(string title, string schema)
    {
        var leaves = Leaves(schema);
        var (kind, whole) = (Enum.Parse<RowKind>(title), Whole(leaves));
        var before = Assert.IsType<SeenRow>(Read(whole, kind).Row);
        var wrong = new List<string>();
        foreach (var row in Table(title))
        {
            var leaf = leaves.Single(l => l.Path == row.Path);
            if (Becomes(leaf, whole, before) is var becomes && becomes != row.Becomes) wrong.Add($"{row.Path} is {becomes}, and the table says {row.Becomes}");
        }
        Assert.Empty(wrong);
    }

    [Theory, MemberData(nameof(Resources))]
    public void Has_a_reason_unless_it_is_a_fact(string title, string schema)
    {
        Assert.NotEmpty(Leaves(schema));
        Assert.DoesNotContain(Table(title), row => row.Becomes is not ("fact" or "evidence" or "dropped") || (row.Becomes != "fact" && row.Why.Length < 5));
    }

    private static string Becomes(Leaf leaf, JsonObject whole, SeenRow before)
    {
        var changed = whole.DeepClone().AsObject();
        Set(changed, leaf.Steps, leaf.Other);
        // Without a row there is no message.
        if (Read(changed, before.Kind).Row is not { } after) return "fact";
        if (!after.Revision.AsSpan().SequenceEqual(before.Revision) || Message(after) != Message(before)) return "fact";
        var kept = At(JsonNode.Parse(after.Payload), leaf.Steps);
        if (kept is null) return "dropped";
        return JsonNode.DeepEquals(kept, leaf.Other) && !after.Content.AsSpan().SequenceEqual(before.Content) ? "evidence" : "kept as something else";
    }

    private static string Message(SeenRow row) => JsonSerializer.Serialize((object?)row.Transaction ?? row.Adjustment, Canonical.Json);

    private static ReadRow Read(JsonObject row, RowKind kind) => ReadPages.ReadOne(new JsonObject { ["data"] = row.DeepClone() }.Bytes(), kind, Keys);

    private static List<(string Path, string Becomes, string Why)> Table(string title)
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "Services", "Connector", "Reading", "fields.md"));
        var part = text.Split("\n## ").Single(p => p.StartsWith(title, StringComparison.Ordinal));
        return [.. RowOfTable().Matches(part).Select(m => (m.Groups["path"].Value, m.Groups["becomes"].Value, m.Groups["why"].Value.Trim()))];
    }

    [GeneratedRegex(@"^\| `(?<path>[^`]+)` \| (?<becomes>\w+) \|(?<why>.*)\|$", RegexOptions.Multiline)]
    private static partial Regex RowOfTable();

    /// <summary>A field with nothing below it, and two values it may have.</summary>
    private sealed record Leaf(string Path, JsonNode Value, JsonNode Other)
    {
        public string[] Steps => Path.Replace("[]", ".0", StringComparison.Ordinal).Split('.');
    }

    private static List<Leaf> Leaves(string schema)
    {
        var found = new Dictionary<string, JsonObject>();
        Walk(Schemas["$defs"]![schema]!.AsObject(), "", found);
        var paths = found.Keys.ToList();
        return [.. found.Where(f => !paths.Any(p => p != f.Key && p.StartsWith(f.Key, StringComparison.Ordinal) && (p[f.Key.Length] is '.' or '[')))
            .Select(f => new Leaf(f.Key, Value(f.Key, f.Value, other: false), Value(f.Key, f.Value, other: true)))];
    }

    private static void Walk(JsonObject schema, string path, Dictionary<string, JsonObject> found)
    {
        if ((string?)schema["$ref"] is { } name)
        {
            Walk(Schemas["$defs"]![name.Split('/')[^1]]!.AsObject(), path, found);
            return;
        }
        var before = found.Count;
        foreach (var part in new[] { "oneOf", "anyOf", "allOf" }.SelectMany(word => schema[word]?.AsArray() ?? []))
            if (part!["type"] is not JsonValue type || type.ToString() != "null") Walk(part.AsObject(), path, found);
        foreach (var (member, its) in schema["properties"]?.AsObject() ?? []) Walk(its!.AsObject(), path.Length == 0 ? member : $"{path}.{member}", found);
        if (schema["items"] is JsonObject items) Walk(items, $"{path}[]", found);
        if (found.Count == before) found.TryAdd(path, schema);
    }

    private static JsonNode Value(string path, JsonObject schema, bool other)
    {
        if (path.EndsWith("currency_code", StringComparison.Ordinal)) return other ? "EUR" : "USD";
        if (path.EndsWith("_at", StringComparison.Ordinal)) return other ? "2026-03-02T10:00:00Z" : "2026-03-01T10:00:00Z";
        if (path is "payments[].status") return other ? "authorized" : "captured"; // which alone have a time that counts
        if (schema["enum"] is JsonArray { Count: > 1 } words) return words[other ? 1 : 0]!.DeepClone();
        var type = schema["type"] is JsonArray types ? (string?)types[0] : (string?)schema["type"];
        return type switch
        {
            "object" => new JsonObject { ["ref"] = other ? "b" : "a" },
            "boolean" => other,
            "integer" or "number" => other ? 2 : 1,
            _ when IdPattern().Match((string?)schema["pattern"] ?? "") is { Success: true } id =>
                $"{id.Groups["prefix"].Value.Trim('(', ')').Split('|')[0]}_01hv8x29kz0t586xy6zn00000{(other ? 2 : 1)}",
            _ => other ? "101" : "100", // an amount too
        };
    }

    [GeneratedRegex(@"^\^(?<prefix>[a-z]+|\([a-z|]+\))_\[")]
    private static partial Regex IdPattern();

    private static JsonObject Whole(List<Leaf> leaves)
    {
        var whole = new JsonObject();
        foreach (var leaf in leaves) Set(whole, leaf.Steps, leaf.Value);
        return whole;
    }

    private static void Set(JsonNode whole, string[] steps, JsonNode value)
    {
        var here = whole;
        foreach (var (step, next) in steps.Zip(steps.Skip(1)))
        {
            if (At(here, [step]) is { } there)
            {
                here = there;
                continue;
            }
            JsonNode made = next == "0" ? new JsonArray() : new JsonObject();
            Put(here, step, made);
            here = made;
        }
        Put(here, steps[^1], value.DeepClone());
    }

    private static void Put(JsonNode into, string step, JsonNode value)
    {
        if (into is not JsonArray array) into[step] = value;
        else if (array.Count == 0) array.Add(value);
        else array[0] = value;
    }

    private static JsonNode? At(JsonNode? node, string[] steps) => steps.Aggregate(node, (here, step) => here switch
    {
        JsonArray array => array.ElementAtOrDefault(0),
        JsonObject it => it[step],
        _ => null,
    });

    /// <summary>Of May 2025, with what Paddle has added since.</summary>
    private static JsonObject ReadSchemas()
    {
        var folder = Path.Combine(Repository.Root, "tests", "PaddleSdk");
        var schemas = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "schemas-2025-05-27.json"), Encoding.UTF8))!.AsObject();
        foreach (var later in JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "later.json"), Encoding.UTF8))!.AsArray())
        {
            var target = later!["at"]!.AsArray().Aggregate(
                (JsonNode)schemas, (here, step) => here is JsonArray array ? array[(int)step!]! : here[(string)step!]!);
            if (target is JsonArray words) foreach (var word in later["add"]!.AsArray()) words.Add(word!.DeepClone());
            else foreach (var (member, its) in later["add"]!.AsObject()) target[member] = its!.DeepClone();
        }
        return schemas;
    }
}
