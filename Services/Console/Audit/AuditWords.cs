using System.Text.Json;

namespace Allocora.Console;

/// <summary>What an entry of the trail says to a person.</summary>
internal static class AuditWords
{
    public static string SentenceOf(string action, JsonElement data) => action switch
    {
        "access_refused" => Text(data, "Status") switch
        {
            "401" => $"A wrong credential was refused at {Call(data)}.",
            "403" when Text(data, "Permission") is { } permission => $"{Call(data)} was refused: it needs {permission}.",
            "403" => $"{Call(data)} was refused.",
            _ => $"{Call(data)} asked for something that is not there for the caller.",
        },
        "api_key_used" => $"The key {Text(data, "Key")} was used from {Text(data, "Ip") ?? "an unknown address"}.",
        "rate_limited" => $"{Call(data)} was refused: too many requests, counted by {Text(data, "Limit")}.",
        "door_events_dropped" => $"{Text(data, "Count")} events of the door could not be kept.",
        "downloaded" => $"{Text(data, "Path")} was downloaded.",
        _ => $"{char.ToUpperInvariant(action[0])}{action[1..].Replace('_', ' ')}.",
    };

    /// <summary>What was before and what is after, where the event says both; all it says otherwise.</summary>
    public static (JsonElement? Before, JsonElement After) ChangeIn(JsonElement data) =>
        Pair(data, "Before", "After") ?? Pair(data, "From", "To") ?? (null, data);

    private static (JsonElement? Before, JsonElement After)? Pair(JsonElement data, string before, string after) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(before, out var was) && data.TryGetProperty(after, out var now) ? (was, now) : null;

    private static string Call(JsonElement data) => $"{Text(data, "Method")} {Text(data, "Route")}";

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
