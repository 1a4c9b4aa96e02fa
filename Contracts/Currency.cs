using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Allocora.Contracts;

/// <summary>A currency by its ISO 4217 code. How many decimals it is shown with is known of those Paddle sells in; no sum depends on that.</summary>
[JsonConverter(typeof(CurrencyJson))]
public readonly record struct Currency
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    private static readonly Dictionary<string, int> Decimals =
        "USD EUR GBP AUD CAD CHF HKD SGD SEK ARS BRL CNY COP CZK DKK HUF ILS INR MXN NOK NZD PEN PLN RUB THB TRY TWD UAH ZAR".Split(' ')
            .Select(code => (code, Exponent: 2)).Concat("JPY CLP KRW VND".Split(' ').Select(code => (code, Exponent: 0)))
            .ToDictionary(c => c.code, c => c.Exponent, StringComparer.Ordinal);

    private readonly string? code;

    private Currency(string code) => this.code = code;

    public string Code => code ?? throw new InvalidOperationException("This currency was never given a code.");

    /// <summary>Whether Paddle is known to sell in it.</summary>
    public bool IsKnown => Decimals.ContainsKey(Code);

    /// <summary>How many decimals amounts are shown with; null for a currency nobody here has heard of.</summary>
    public int? Exponent => Decimals.TryGetValue(Code, out var digits) ? digits : null;

    public static IReadOnlyCollection<string> Known => Decimals.Keys;

    /// <summary>Takes three capital letters, as ISO 4217 and Paddle write them, and nothing else.</summary>
    public static bool TryParse(string? text, out Currency currency)
    {
        currency = text is { Length: 3 } && !text.AsSpan().ContainsAnyExcept(Letters) ? new(text) : default;
        return currency.code is not null;
    }

    public static Currency Parse(string text) =>
        TryParse(text, out var currency) ? currency : throw new FormatException($"'{text}' is not the code of a currency.");

    public override string ToString() => Code;
}

internal sealed class CurrencyJson : JsonConverter<Currency>
{
    public override Currency Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Currency.TryParse(reader.GetString(), out var currency) ? currency
            : throw new JsonException("A currency is three capital letters.");

    public override void Write(Utf8JsonWriter writer, Currency value, JsonSerializerOptions options) => writer.WriteStringValue(value.Code);
}
