using System.Text;
using System.Text.Json.Nodes;
using Allocora.Ledger.Tests.Telling;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Specs;

/// <summary>ALLOCORA_UPDATE_GOLDEN=1 writes asyncapi.json and the schemas anew. What is frozen is never written: see Contracts/README.md.</summary>
public sealed class The_public_specs
{
    private const string Spec = "../../../Contracts/spec";
    private static readonly string Folder = Path.Combine(Repository.Root, "Contracts", "spec");

    [Fact]
    public void What_is_checked_in_is_what_the_records_say()
    {
        var files = MessageSchemas.Messages.Select(m => (File: $"schemas/{m.Key}.json", Json: MessageSchemas.Of(m.Value, m.Key)))
            .Append((File: "asyncapi.json", Json: AsyncApiDocument.Make())).ToList();
        var trouble = files.Select(f => Compare(f.File, MessageSchemas.Write(f.Json))).OfType<string>().ToList();

        Assert.True(trouble.Count == 0, string.Join('\n', trouble));
        Assert.Equal(MessageSchemas.Messages.Keys, Named("schemas"));
    }

    [Fact]
    public void Every_message_is_frozen_and_still_fits_those_who_read_it_then()
    {
        Assert.Equal(MessageSchemas.Messages.Keys, Named("frozen"));
        Assert.All(MessageSchemas.Messages, message =>
        {
            var frozen = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, "frozen", $"{message.Key}.json")))!;
            Assert.Empty(SchemaChanges.ThatBreak(MessageSchemas.Whole(frozen), MessageSchemas.Whole(MessageSchemas.Of(message.Value, message.Key))));
        });
    }

    [Theory]
    [InlineData("$.evidence.run is gone", "run", "syncRun")]
    [InlineData("$.sale.lines[].quantity may be of type string now", "\"integer\"", "\"string\"")]
    [InlineData(
        "$.sale.customData.* may be of type number now", "\"additionalProperties\":{\"type\":\"string\"", "\"additionalProperties\":{\"type\":\"number\"")]
    [InlineData("$.factId may be null now", "\"type\":\"string\",\"MARK\":1", "\"type\":[\"string\",\"null\"]")]
    [InlineData("$.evidence may be null now", "\"type\":\"object\",\"MARK\":2", "\"type\":[\"object\",\"null\"]")]
    [InlineData("$.sale may be left out now", "\"sale\",\"evidence\"]", "\"evidence\"]")]
    [InlineData("$.sale.observedAt has another format", "\"date-time\",\"MARK\":3", "\"date\"")]
    [InlineData("$.sale.amounts.total.amount has another pattern", "-?[1-9]", "[1-9]")]
    public void An_incompatible_change_is_refused(string finding, string of, string to)
    {
        var before = Marked();
        var after = before.Replace(of, to, StringComparison.Ordinal);

        Assert.NotEqual(before, after);
        Assert.Contains(finding, SchemaChanges.ThatBreak(JsonNode.Parse(before)!, JsonNode.Parse(after)!));
    }

    [Fact]
    public void A_new_member_breaks_nobody_and_neither_does_one_that_is_always_there_now()
    {
        var (before, after) = (JsonNode.Parse(Marked())!, JsonNode.Parse(Marked())!);
        after["properties"]!["sale"]!["properties"]!["channel"] = new JsonObject { ["type"] = "string" };
        after["properties"]!["sale"]!["properties"]!["country"]!["type"] = "string";
        after["description"] = "said better";

        Assert.Empty(SchemaChanges.ThatBreak(before, after));
        Assert.NotEmpty(SchemaChanges.ThatBreak(after, before));
    }

    [Fact]
    public void What_is_told_is_what_the_schemas_say() => Assert.All(Happenings.Told, one =>
    {
        var message = Assert.Single(TellRevenue.MessagesOf(Happenings.Stored(one.Stream, one.Happened)));
        var schema = MessageSchemas.Whole(MessageSchemas.Of(MessageSchemas.Messages[message.Name], message.Name));

        Assert.Empty(SchemaChanges.NotAsIn(schema, JsonNode.Parse(Encoding.UTF8.GetString(message.Data.Span))));
    });

    /// <summary>The schema of a recorded sale without what is said about it, with marks where a test changes one place.</summary>
    private static string Marked()
    {
        const string name = "revenue.transaction.recorded.v1";
        var schema = MessageSchemas.Whole(MessageSchemas.Of(MessageSchemas.Messages[name], name));
        var members = schema["properties"]!;
        members["factId"] = JsonNode.Parse("""{"type":"string","MARK":1}""");
        Unsaid(schema);
        members["evidence"]!.AsObject().Insert(1, "MARK", 2);
        members["sale"]!["properties"]!["observedAt"] = JsonNode.Parse("""{"type":"string","format":"date-time","MARK":3}""");
        return MessageSchemas.Write(schema).Replace("\n", "", StringComparison.Ordinal).Replace("  ", "", StringComparison.Ordinal)
            .Replace("\": ", "\":", StringComparison.Ordinal);
    }

    private static void Unsaid(JsonNode? node)
    {
        if (node is JsonObject described)
        {
            described.Remove("description");
            foreach (var (_, inside) in described) Unsaid(inside);
        }
        else if (node is JsonArray several)
        {
            foreach (var one in several) Unsaid(one);
        }
    }

    private static string? Compare(string file, string text)
    {
        try
        {
            Golden.Matches(text, Path.Combine(Spec, file));
            return null;
        }
        catch (GoldenException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<string> Named(string folder) =>
        Directory.EnumerateFiles(Path.Combine(Folder, folder), "*.json").Select(f => Path.GetFileNameWithoutExtension(f)!).Order(StringComparer.Ordinal);
}
