using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>Fields of objects that somebody else may have written: what is not as expected is not there.</summary>
internal static class Fields
{
    public static JsonObject? Part(this JsonNode? of, string field) => (of as JsonObject)?[field] as JsonObject;

    public static IEnumerable<JsonObject> Parts(this JsonNode? of, string field) => ((of as JsonObject)?[field] as JsonArray ?? []).OfType<JsonObject>();

    public static string? Word(this JsonNode? of, string field) => (of as JsonObject)?[field] is not { } node
        ? null
        : node.GetValueKind() switch
        {
            JsonValueKind.String => Whole(node),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => node.ToJsonString(),
            _ => null,
        };

    // Half of a character, which JSON can hold, is no text.
    private static string? Whole(JsonNode node)
    {
        try
        {
            return node.GetValue<string>();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whole minor units.</summary>
    public static long? Amount(this JsonNode? of, string field) =>
        long.TryParse(of.Word(field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var amount) ? amount : null;
}
