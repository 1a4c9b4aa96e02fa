using System.Text.Json;

namespace Allocora.Connector;

/// <summary>Texts of objects nothing is reckoned with.</summary>
internal static class JsonText
{
    /// <returns>Null for what is no text, or one that no database keeps: half of a character, or one that is none.</returns>
    public static string? Of(JsonElement from, string name)
    {
        if (!from.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String) return null;
        try
        {
            return value.GetString()!.Replace("\0", "", StringComparison.Ordinal);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
