using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.World;

/// <summary>An object somebody wrote, or changed. It never changes itself: a later version takes its place.</summary>
/// <param name="IsVerbatim">Given as it is by the control API, and served as it is.</param>
internal sealed record Stored(string Id, JsonElement Json, bool IsVerbatim = false)
{
    public static Stored Of(JsonObject json, bool isVerbatim = false) =>
        new((string)json["id"]!, JsonSerializer.SerializeToElement(json), isVerbatim);

    /// <summary>The text at the path, "billing_cycle.interval" for example; numbers as they are written.</summary>
    public string? Text(string path)
    {
        var at = Json;
        foreach (var step in path.Split('.'))
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(step, out at)) return null;
        }
        return at.ValueKind switch
        {
            JsonValueKind.String => at.GetString(),
            JsonValueKind.Null or JsonValueKind.Undefined => null,
            _ => at.GetRawText(),
        };
    }

    public long? Time(string path) => Instants.Parse(Text(path));

    public JsonObject Render() => JsonNode.Parse(Json.GetRawText())!.AsObject();
}
