using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Allocora.Contracts;
using Allocora.Contracts.Messages;

namespace Allocora.Ledger.Tests.Specs;

/// <summary>The JSON Schema of each public message, made of its record and of what the record's comment says about it.</summary>
internal static partial class MessageSchemas
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        RespectRequiredConstructorParameters = true,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict,
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly Lazy<XElement> Comments = new(() => XElement.Load(Path.ChangeExtension(typeof(Money).Assembly.Location, ".xml")));

    /// <summary>By the name of the message.</summary>
    public static IReadOnlyDictionary<string, Type> Messages { get; } = new SortedDictionary<string, Type>(
        typeof(Exchanges).Assembly.GetExportedTypes()
            .Where(t => t.Namespace == typeof(Exchanges).Namespace && t.Name.StartsWith("Revenue", StringComparison.Ordinal))
            .Select(t => (Type: t, Name: t.GetField("Name")?.GetRawConstantValue() as string)).Where(m => m.Name is not null)
            .ToDictionary(m => m.Name!, m => m.Type),
        StringComparer.Ordinal);

    public static string Summary(Type type) => Text(Comment(type)?.Element("summary")) ?? throw new InvalidOperationException($"{type.Name} has no summary.");

    public static JsonObject Of(Type type, string name)
    {
        var schema = new JsonObject
        {
            ["$schema"] = "http://json-schema.org/draft-07/schema#", // what AsyncAPI's own schemas are
            ["title"] = name,
            ["description"] = Summary(type),
        };
        var exported = Options.GetJsonSchemaAsNode(type, new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Describe }).AsObject();
        foreach (var (key, value) in exported.ToList())
        {
            exported.Remove(key);
            schema[key] = value;
        }
        schema["definitions"] = new JsonObject { ["money"] = MoneySchema() };
        return schema;
    }

    /// <summary>The same with what it refers to in the place of the references.</summary>
    public static JsonNode Whole(JsonNode schema)
    {
        var whole = Resolved(schema, schema);
        whole.AsObject().Remove("definitions");
        return whole;
    }

    public static string Write(JsonNode node) => $"{node.ToJsonString(Indented)}\n";

    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type);
        if ((type ?? context.TypeInfo.Type) == typeof(Money)) schema = MoneyReference(mayBeNull: type is not null);
        if (schema is not JsonObject described || context.PropertyInfo?.AttributeProvider is not PropertyInfo member) return schema;
        var comment = Comment(member.DeclaringType!)?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == member.Name);
        if ((Text(comment) ?? Text(Comment(member.PropertyType)?.Element("summary"))) is { } text) described.Insert(0, "description", text);
        return described;
    }

    private static JsonNode Resolved(JsonNode node, JsonNode root)
    {
        if (node is JsonArray several) return new JsonArray([.. several.Select(one => Resolved(one!, root))]);
        if (node is not JsonObject schema) return node.DeepClone();
        if (schema["$ref"] is { } reference) return Resolved(At($"{reference}", root), root);
        if (schema["anyOf"]?.AsArray() is [{ } one, { } nothing] && $"{nothing["type"]}" == "null")
        {
            var known = Resolved(one, root);
            known["type"] = new JsonArray($"{known["type"]}", "null");
            return known;
        }
        return new JsonObject(schema.Select(m => KeyValuePair.Create(m.Key, m.Value is null ? null : (JsonNode?)Resolved(m.Value, root))));
    }

    // The exporter writes a type it has met before as the place where it did.
    private static JsonNode At(string pointer, JsonNode root) =>
        pointer.Split('/').Skip(1).Aggregate(root, (node, step) => node is JsonArray several ? several[int.Parse(step, null)]! : node[step]!);

    private static JsonObject MoneyReference(bool mayBeNull)
    {
        var money = new JsonObject { ["$ref"] = "#/definitions/money" };
        return mayBeNull ? new() { ["anyOf"] = new JsonArray(money, new JsonObject { ["type"] = "null" }) } : money;
    }

    private static JsonObject MoneySchema() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["amount"] = new JsonObject
            {
                ["description"] = "In the smallest unit of the currency: 1999 USD is $19.99.",
                ["type"] = "string",
                ["pattern"] = "^(0|-?[1-9][0-9]*)$",
            },
            ["currency"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[A-Z]{3}$" },
        },
        ["required"] = new JsonArray("amount", "currency"),
    };

    private static XElement? Comment(Type type) =>
        type.Assembly == typeof(Money).Assembly && type != typeof(Money)
            ? Comments.Value.Descendants("member").FirstOrDefault(m => m.Attribute("name")?.Value == $"T:{type.FullName}")
            : null;

    private static string? Text(XElement? comment) => comment is null ? null : Spaces().Replace(comment.Value, " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
