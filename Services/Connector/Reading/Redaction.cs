using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Allocora.Connector;

/// <summary>Writes a row anew without what names or reaches a person. All that is read of a row is read of what this leaves.</summary>
internal sealed class Redaction
{
    private const string Removed = "[e-mail removed]";
    private const int LocalPartMax = 256;

    private static readonly HashSet<string> Personal = new(StringComparer.Ordinal)
    {
        "cardholder_name", "last4", "expiry_month", "expiry_year", "email", "customer_email", "first_line", "second_line", "city",
    };

    private static readonly HashSet<(string Within, string Name)> PersonalWithin =
        [("address", "description"), ("billing_details", "additional_information"), ("checkout", "url")];

    // Objects of which only the id is kept.
    private static readonly HashSet<string> People = new(StringComparer.Ordinal) { "customer", "business" };

    // The last begins the wide forms of the sign.
    private static readonly SearchValues<byte> NeedsLook = SearchValues.Create([(byte)'@', (byte)'%', (byte)'\\', 0xEF]);
    private static readonly SearchValues<char> EndsLocalPart = SearchValues.Create(" \t\r\n\v\f\"<>()[],;:=&?/\\|@＠﹫\u00a0\u3000");
    private static readonly SearchValues<char> FieldNames = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_");

    private readonly ArrayBufferWriter<byte> buffer = new();

    /// <summary>The row's JSON, with no space that means nothing.</summary>
    /// <exception cref="UnreadableException">A name occurs twice in an object, or a string is no text.</exception>
    public byte[] Of(JsonElement row)
    {
        buffer.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            Write(writer, row, name: "", path: "");
        }
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, string name, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                Members(writer, value, name, path);
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray()) Write(writer, item, name, path);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                var raw = JsonMarshal.GetRawUtf8Value(value);
                if (raw.ContainsAny(NeedsLook)) writer.WriteStringValue(WithoutEmails(Field.Readable(value, path)));
                else writer.WriteStringValue(raw[1..^1]);
                break;
            default:
                writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
                break;
        }
    }

    private static void Members(Utf8JsonWriter writer, JsonElement value, string within, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            var name = NameOf(member, path);
            var here = Below(path, name);
            if (!names.Add(name)) throw new UnreadableException("duplicate-key", here);
            if (Personal.Contains(name) || PersonalWithin.Contains((within, name)) || People.Contains(within) && name != "id") continue;
            writer.WritePropertyName(WithoutEmails(name));
            Write(writer, member.Value, name, here);
        }
    }

    // What a seller's customers can name themselves is not repeated in a fault.
    private static string Below(string path, string name)
    {
        if (path.EndsWith("custom_data", StringComparison.Ordinal) || name.AsSpan().ContainsAnyExcept(FieldNames)) return path;
        return path.Length == 0 ? name : $"{path}.{name}";
    }

    private static string NameOf(JsonProperty member, string path)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException("not-text", path);
        }
    }

    /// <summary>A text without whatever has the form of an e-mail address, percent-encoded ones too.</summary>
    public static string WithoutEmails(string text)
    {
        StringBuilder? kept = null;
        var from = 0;
        for (var at = NextAt(text, 0, out var length); at >= 0; at = NextAt(text, at + 1, out length))
        {
            if (at < from) continue;
            var start = at;
            while (start > from && at - start < LocalPartMax && !EndsLocalPart.Contains(text[start - 1])) start--;
            var end = at + length;
            while (end < text.Length && (char.IsLetterOrDigit(text[end]) || char.IsSurrogate(text[end]) || text[end] is '.' or '-')) end++;
            if (!text.AsSpan(at + length, end - at - length).Trim('.').Contains('.')) continue;
            (kept ??= new()).Append(text, from, start - from).Append(Removed);
            from = end;
        }
        return kept is null ? text : kept.Append(text, from, text.Length - from).ToString();
    }

    private static int NextAt(string text, int from, out int length)
    {
        length = 1;
        for (var at = from; at < text.Length; at++)
        {
            if (text[at] is '@' or '＠' or '﹫') return at;
            if (text[at] != '%' || !text.AsSpan(at).StartsWith("%40", StringComparison.Ordinal)) continue;
            length = 3;
            return at;
        }
        return -1;
    }
}
