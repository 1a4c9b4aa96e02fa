using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Api;

/// <summary>The body of a request, and its fields one by one, each refused by name when it is not what it has to be.</summary>
internal static class Body
{
    private static readonly JsonDocumentOptions NoDuplicates = new() { AllowDuplicateProperties = false };

    public static async Task<JsonObject> Read(HttpContext http) => await Json(http) as JsonObject
        ?? throw new Refused(400, "bad_request", "Invalid request.", new FieldError("", "must be an object"));

    /// <summary>The body, with every name once and every text one that can be written again.</summary>
    public static async Task<JsonNode?> Json(HttpContext http)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(http.Request.Body, NoDuplicates, http.RequestAborted);
            Check(document.RootElement, "The request body");
            return JsonNode.Parse(document.RootElement.GetRawText());
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            throw new Refused(400, "invalid_json", $"The request body is not valid JSON: {wrong.Message}");
        }
    }

    public static void Check(JsonElement json, string what)
    {
        try
        {
            Touch(json);
        }
        catch (InvalidOperationException)
        {
            throw new Refused(400, "invalid_json", $"{what} holds text that is not valid Unicode.");
        }
    }

    private static void Touch(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.String) _ = json.GetString();
        if (json.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in json.EnumerateArray()) Touch(item);
        }
        if (json.ValueKind != JsonValueKind.Object) return;
        foreach (var property in json.EnumerateObject())
        {
            _ = property.Name;
            Touch(property.Value);
        }
    }

    /// <param name="body">The object with the field.</param>
    /// <param name="field">Its name.</param>
    /// <param name="values">What it may be; null for anything.</param>
    /// <param name="within">Where the object stands in the request, "items[0]." for example.</param>
    public static string? Text(this JsonObject body, string field, string[]? values = null, string within = "")
    {
        if (body[field] is not { } node) return null;
        if (node.GetValueKind() != JsonValueKind.String) throw Refused.Invalid(within + field, "must be a string");
        var text = node.GetValue<string>();
        if (values is not null && !values.Contains(text)) throw Refused.Invalid(within + field, $"must be one of {string.Join(", ", values)}");
        return text;
    }

    public static string Needed(this JsonObject body, string field, string[]? values = null, string within = "") =>
        body.Text(field, values, within) ?? throw Refused.Invalid(within + field, "is required");

    public static int? Whole(this JsonObject body, string field, string within = "")
    {
        if (body[field] is not { } node) return null;
        return node.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue<int>(out var number)
            ? number
            : throw Refused.Invalid(within + field, "must be a whole number");
    }

    public static bool? Flag(this JsonObject body, string field) => body[field]?.GetValueKind() switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refused.Invalid(field, "must be true or false"),
    };

    public static JsonObject? Object(this JsonObject body, string field) =>
        body[field] is not { } node ? null : node as JsonObject ?? throw Refused.Invalid(field, "must be an object");

    public static JsonObject Object(JsonNode? item, string field) => item as JsonObject ?? throw Refused.Invalid(field, "must be an object");

    public static JsonArray? Array(this JsonObject body, string field, string within = "") =>
        body[field] is not { } node ? null : node as JsonArray ?? throw Refused.Invalid(within + field, "must be an array");

    /// <summary>The object with the fields the body names, those that may be written, and the time of the change.</summary>
    public static JsonObject Merge(JsonObject into, JsonObject body, string[] fields, long now)
    {
        foreach (var (name, _) in body)
        {
            if (!fields.Contains(name)) throw Refused.Invalid(name, "cannot be set");
        }
        foreach (var (name, value) in body) into[name] = value.Copy();
        into["updated_at"] = World.Instants.Text(now);
        return into;
    }

    /// <summary>A copy that can stand in another object.</summary>
    public static JsonNode? Copy(this JsonNode? node) => node?.DeepClone();
}
