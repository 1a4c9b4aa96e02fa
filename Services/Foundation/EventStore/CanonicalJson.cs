using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Allocora.EventStore;

/// <summary>
/// One spelling for every way to write the same JSON, so that a hash made before storing still holds for what PostgreSQL gives
/// back: members in ordinal order, the last of two with one name, no white space, numbers exact and in one form.
/// </summary>
public static class CanonicalJson
{
    /// <summary>The hash of an event's data and headers.</summary>
    public static byte[] Hash(string data, string? headers) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{Form(data)}\n{(headers is null ? "" : Form(headers))}"));

    public static string Form(string json)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder(json.Length);
        Write(document.RootElement, text);
        return text.ToString();
    }

    private static void Write(JsonElement element, StringBuilder text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(element, text);
                break;
            case JsonValueKind.Array:
                var separator = '[';
                foreach (var item in element.EnumerateArray())
                {
                    text.Append(separator);
                    Write(item, text);
                    separator = ',';
                }
                text.Append(separator == '[' ? "[]" : "]");
                break;
            case JsonValueKind.String:
                WriteString(element.GetString()!, text);
                break;
            case JsonValueKind.Number:
                WriteNumber(element.GetRawText(), text);
                break;
            default:
                text.Append(element.GetRawText());
                break;
        }
    }

    private static void WriteObject(JsonElement element, StringBuilder text)
    {
        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject()) members[member.Name] = member.Value;
        var separator = '{';
        foreach (var (name, value) in members)
        {
            text.Append(separator);
            WriteString(name, text);
            text.Append(':');
            Write(value, text);
            separator = ',';
        }
        text.Append(separator == '{' ? "{}" : "}");
    }

    private static void WriteString(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (var c in value)
        {
            if (c is '"' or '\\') text.Append('\\').Append(c);
            else if (c < ' ') text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else text.Append(c);
        }
        text.Append('"');
    }

    // As digits without zeros at either end and a power of ten: 1, 1.0 and 10e-1 are 1e0. Nothing is rounded.
    private static void WriteNumber(string raw, StringBuilder text)
    {
        var e = raw.AsSpan().IndexOfAny('e', 'E');
        var power = e < 0 ? 0 : long.Parse(raw.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? raw : raw[..e];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        if (point >= 0) power -= mantissa.Length - point - 1;
        var digits = mantissa.TrimStart('-').Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        var significant = digits.TrimEnd('0');
        if (significant == "")
        {
            text.Append('0');
            return;
        }
        if (raw[0] == '-') text.Append('-');
        text.Append(significant).Append('e').Append(CultureInfo.InvariantCulture, $"{power + digits.Length - significant.Length}");
    }
}
