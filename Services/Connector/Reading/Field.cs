using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>A row, or a part of one, that cannot be read. It says where and why, and never what stands there.</summary>
internal sealed class UnreadableException(string code, string path) : Exception($"{code}:{path}")
{
    public string Fault => Message;
}

/// <summary>A value of a row, and where in the row it stands.</summary>
internal readonly partial struct Field(JsonElement value, string path)
{
    private const int WordMax = 64, MicrosecondDigits = 6;

    public JsonElement Value => value;

    /// <summary>A member of an object; null where it is absent, or null itself.</summary>
    public Field? Maybe(string name)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Fault("unknown-shape");
        return value.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? new(member, Below(name)) : null;
    }

    public Field Of(string name) => Maybe(name) ?? throw new UnreadableException("missing", Below(name));

    /// <summary>The elements of an array.</summary>
    public List<Field> Items()
    {
        if (value.ValueKind != JsonValueKind.Array) throw Fault("unknown-shape");
        var items = new List<Field>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray()) items.Add(new(item, string.Create(CultureInfo.InvariantCulture, $"{path}[{items.Count}]")));
        return items;
    }

    public string Text()
    {
        if (value.ValueKind != JsonValueKind.String) throw Fault("not-text");
        return Readable(value, path).Replace('\0', '\uFFFD'); // which no database takes in a text
    }

    /// <summary>One of a set of names that may grow, such as a status.</summary>
    public string Word()
    {
        var text = Text();
        return text.Length is > 0 and <= WordMax && !text.AsSpan().ContainsAnyExceptInRange('!', '~') ? text : throw Fault("unknown-shape");
    }

    public string Id(string prefix)
    {
        var text = Text();
        return IsId(text, prefix) ? text : throw Fault("not-an-id");
    }

    /// <summary>An id of something that is not read here.</summary>
    public string Id()
    {
        var text = Text();
        return AnyId().IsMatch(text) ? text : throw Fault("not-an-id");
    }

    public static bool IsId(string text, string prefix) =>
        text.StartsWith(prefix, StringComparison.Ordinal) && text.Length > prefix.Length && text[prefix.Length] == '_' && AnyId().IsMatch(text);

    public Currency Currency() => Contracts.Currency.TryParse(Text(), out var currency) ? currency : throw Fault("currency-malformed");

    /// <summary>The currency of a part, which has to be that of the whole; where the part names none, it is.</summary>
    public void InCurrency(Currency whole)
    {
        if (Maybe("currency_code") is { } named && named.Currency() != whole) throw named.Fault("currencies-differ");
    }

    public Money Amount(Currency currency)
    {
        if (value.ValueKind != JsonValueKind.String) throw Fault("not-an-amount");
        var text = Readable(value, path);
        if (Money.TryParse(text, currency, out var amount)) return amount;
        throw Fault(WholeNumber().IsMatch(text) ? "amount-too-large" : "not-an-amount");
    }

    /// <summary>A whole number that JSON writes as one.</summary>
    public long Number() => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? number : throw Fault("unknown-shape");

    public bool Flag() => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Fault("unknown-shape");

    /// <summary>A time, cut to microseconds; null for the first moment of the calendar, which is how Paddle's own libraries write that there is none.</summary>
    public DateTimeOffset? Time()
    {
        var match = value.ValueKind == JsonValueKind.String ? Rfc3339().Match(Readable(value, path)) : Match.Empty;
        if (!match.Success) throw Fault("not-a-time");
        var fraction = match.Groups["fraction"].Value;
        if (fraction.Length > MicrosecondDigits + 1) fraction = fraction[..(MicrosecondDigits + 1)];
        var text = match.Groups["seconds"].Value + fraction + match.Groups["zone"].Value;
        if (!DateTimeOffset.TryParseExact(
                text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time))
        {
            throw Fault("not-a-time");
        }
        return time == DateTimeOffset.MinValue ? null : time;
    }

    public DateTimeOffset Moment() => Time() ?? throw Fault("missing");

    public UnreadableException Fault(string code) => new(code, path);

    /// <summary>A string's text. JSON may hold halves of characters, which are no text.</summary>
    public static string Readable(JsonElement text, string path)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException("not-text", path);
        }
    }

    private string Below(string name) => path.Length == 0 ? name : $"{path}.{name}";

    [GeneratedRegex(@"\A[a-z]{3,10}_[a-z0-9]{26}\z", RegexOptions.CultureInvariant)]
    private static partial Regex AnyId();

    [GeneratedRegex(@"\A-?[0-9]{19,}\z", RegexOptions.CultureInvariant)]
    private static partial Regex WholeNumber();

    [GeneratedRegex(
        @"\A(?<seconds>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?<fraction>\.[0-9]{1,9})?(?<zone>Z|[+-][0-9]{2}:[0-9]{2})\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
