using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Allocora.EventStore;

/// <summary>
/// One spelling for every way to write the same JSON, so that a hash made before storing still holds for what PostgreSQL gives
/// back: members in the order of their names' bytes, the last of two with one name, no white space, numbers exact and in one form.
/// </summary>
public static class CanonicalJson
{
    /// <summary>The hash of what an event says: its data and headers, its .NET type, what it belongs to and what caused it.</summary>
    public static byte[] Hash(string data, string? headers, string? dotnetType = null, string? correlation = null, string? causation = null)
    {
        var text = new ArrayBufferWriter<byte>(data.Length + (headers?.Length ?? 0) + 1);
        Write(data, text);
        text.Write("\n"u8);
        if (headers is not null) Write(headers, text);
        foreach (var one in new[] { dotnetType, correlation, causation })
        {
            text.Write("\n"u8);
            if (one is not null) WriteString(one, text);
        }
        return SHA256.HashData(text.WrittenSpan);
    }

    public static string Form(string json)
    {
        var text = new ArrayBufferWriter<byte>(json.Length + 1);
        Write(json, text);
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void Write(string json, ArrayBufferWriter<byte> text)
    {
        using var document = JsonDocument.Parse(json);
        Write(document.RootElement, text);
    }

    private static void Write(JsonElement element, ArrayBufferWriter<byte> text)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                WriteObject(element, text);
                break;
            case JsonValueKind.Array:
                WriteArray(element, text);
                break;
            case JsonValueKind.String:
                var raw = JsonMarshal.GetRawUtf8Value(element);
                // Without an escape it is what it says, and needs none.
                if (raw.Contains((byte)'\\')) WriteString(element.GetString()!, text);
                else text.Write(raw);
                break;
            case JsonValueKind.Number:
                WriteNumber(JsonMarshal.GetRawUtf8Value(element), text);
                break;
            default:
                text.Write(JsonMarshal.GetRawUtf8Value(element));
                break;
        }
    }

    private static void WriteArray(JsonElement element, ArrayBufferWriter<byte> text)
    {
        text.Write("["u8);
        var isFirst = true;
        foreach (var item in element.EnumerateArray())
        {
            if (!isFirst) text.Write(","u8);
            isFirst = false;
            Write(item, text);
        }
        text.Write("]"u8);
    }

    private static void WriteObject(JsonElement element, ArrayBufferWriter<byte> text)
    {
        var members = new List<Member>();
        foreach (var member in element.EnumerateObject()) members.Add(new(Encoding.UTF8.GetBytes(member.Name), members.Count, member));
        members.Sort();
        text.Write("{"u8);
        var isFirst = true;
        for (var i = 0; i < members.Count; i++)
        {
            if (i + 1 < members.Count && members[i].Name.AsSpan().SequenceEqual(members[i + 1].Name)) continue;
            if (!isFirst) text.Write(","u8);
            isFirst = false;
            WriteString(members[i].Name, text);
            text.Write(":"u8);
            Write(members[i].Property.Value, text);
        }
        text.Write("}"u8);
    }

    private static void WriteString(string value, ArrayBufferWriter<byte> text) => WriteString(Encoding.UTF8.GetBytes(value), text);

    private static void WriteString(ReadOnlySpan<byte> value, ArrayBufferWriter<byte> text)
    {
        text.Write("\""u8);
        while (value.IndexOfAny(Escaped) is var plain and >= 0)
        {
            text.Write(value[..plain]);
            var b = value[plain];
            if (b >= ' ') text.Write([(byte)'\\', b]);
            else text.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{b:x4}")));
            value = value[(plain + 1)..];
        }
        text.Write(value);
        text.Write("\""u8);
    }

    // As digits without zeros at either end and a power of ten: 1, 1.0 and 10e-1 are 1e0. Nothing is rounded.
    private static void WriteNumber(ReadOnlySpan<byte> raw, ArrayBufferWriter<byte> text)
    {
        var e = raw.IndexOfAny((byte)'e', (byte)'E');
        var power = e < 0 ? 0 : long.Parse(raw[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? raw : raw[..e];
        var point = mantissa.IndexOf((byte)'.');
        if (point >= 0) power -= mantissa.Length - point - 1;
        var digits = point < 0 ? mantissa : [.. mantissa[..point], .. mantissa[(point + 1)..]];
        digits = digits.TrimStart("-0"u8);
        var significant = digits.TrimEnd((byte)'0');
        if (significant.IsEmpty)
        {
            text.Write("0"u8);
            return;
        }
        if (raw[0] == '-') text.Write("-"u8);
        text.Write(significant);
        text.Write("e"u8);
        Utf8Formatter.TryFormat(power + digits.Length - significant.Length, text.GetSpan(20), out var written);
        text.Advance(written);
    }

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([(byte)'"', (byte)'\\', .. Enumerable.Range(0, ' ').Select(b => (byte)b)]);

    private readonly record struct Member(byte[] Name, int Place, JsonProperty Property) : IComparable<Member>
    {
        public int CompareTo(Member other) =>
            Name.AsSpan().SequenceCompareTo(other.Name) is var order and not 0 ? order : Place.CompareTo(other.Place);
    }
}
