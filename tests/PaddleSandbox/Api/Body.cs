using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Api;

/// <summary>The body of a request, and its fields one by one, each refused by name when it is not what it has to be.</summary>
internal static class Body
{
    public static async Task<JsonObject> Read(HttpContext http)
    {
        try
        {
            return await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted) as JsonObject
                ?? throw new Refused(400, "bad_request", "Invalid request.", new FieldError("", "must be an object"));
        }
        catch (JsonException)
        {
            throw new Refused(400, "invalid_json", "The request body is not valid JSON.");
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

    public static int? Whole(this JsonObject body, string field)
    {
        if (body[field] is not { } node) return null;
        return node.GetValueKind() == JsonValueKind.Number && node.AsValue().TryGetValue<int>(out var number)
            ? number
            : throw Refused.Invalid(field, "must be a whole number");
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

    public static JsonArray? Array(this JsonObject body, string field) =>
        body[field] is not { } node ? null : node as JsonArray ?? throw Refused.Invalid(field, "must be an array");

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
