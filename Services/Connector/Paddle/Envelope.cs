using System.Text.Json;
using System.Text.RegularExpressions;

namespace Allocora.Connector;

/// <summary>What stands around every answer of Paddle's: what the call was called, and why it was refused.</summary>
internal static partial class Envelope
{
    private static readonly string[] Headers = ["Request-Id", "X-Request-Id"];

    public static string? RequestId(HttpResponseMessage response)
    {
        foreach (var name in Headers)
        {
            if (response.Headers.TryGetValues(name, out var values) && values.FirstOrDefault(IsId) is { } id) return id;
        }
        return null;
    }

    /// <summary>Reads over everything else; what is wrong with the rest is for those to say who need it.</summary>
    public static string? RequestId(ReadOnlySpan<byte> body)
    {
        var (_, id) = Read(body);
        return id;
    }

    public static (string Code, string? RequestId) OfRefusal(ReadOnlySpan<byte> body)
    {
        var (code, id) = Read(body);
        return (code is not null && Code().IsMatch(code) ? code : "unknown", id);
    }

    private static (string? Code, string? RequestId) Read(ReadOnlySpan<byte> body)
    {
        string? code = null, id = null;
        try
        {
            var json = new Utf8JsonReader(body);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return default;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                if (json.ValueTextEquals("error")) code = Text(ref json, "code");
                else if (json.ValueTextEquals("meta")) id = Text(ref json, "request_id");
                else json.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (code, IsId(id) ? id : null);
        }
        return (code, IsId(id) ? id : null);
    }

    // Of the object that is the value of the property the reader stands at.
    private static string? Text(ref Utf8JsonReader json, string name)
    {
        string? text = null;
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return null;
        }
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = json.ValueTextEquals(name);
            json.Read();
            if (isIt && json.TokenType == JsonTokenType.String) text = json.GetString();
            json.Skip();
        }
        return text;
    }

    private static bool IsId(string? text) => text is not null && Id().IsMatch(text);

    [GeneratedRegex(@"^[a-z_]{1,64}\z")]
    private static partial Regex Code();

    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,64}\z")]
    private static partial Regex Id();
}
