using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Allocora.Contracts;

/// <summary>An amount in the smallest unit of its currency: 1999 USD is $19.99, 500 JPY is ¥500. Amounts of two currencies never meet.</summary>
[JsonConverter(typeof(MoneyJson))]
public readonly record struct Money(long Minor, Currency Currency)
{
    public static Money Zero(Currency currency) => new(0, currency);

    public static Money operator +(Money a, Money b) => new(checked(a.Minor + b.Minor), Same(a, b));

    public static Money operator -(Money a, Money b) => new(checked(a.Minor - b.Minor), Same(a, b));

    public static Money operator -(Money a) => new(checked(-a.Minor), a.Currency);

    /// <summary>Reads an amount as Paddle and our own API write it: digits, with a minus sign for what is taken away.</summary>
    public static bool TryParse(string? text, Currency currency, out Money money)
    {
        money = default;
        // The framework would also take "+5", "007" and "-0"; an amount has one form.
        if (text is null || !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var minor)) return false;
        if (minor.ToString(CultureInfo.InvariantCulture) != text) return false;
        money = new(minor, currency);
        return true;
    }

    /// <summary>For programs and logs; who shows it to people puts the decimal point.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Minor} {Currency}");

    private static Currency Same(Money a, Money b) =>
        a.Currency == b.Currency ? a.Currency : throw new InvalidOperationException($"{a.Currency} and {b.Currency} cannot be added.");
}

/// <summary>The amount as text, so that no reader turns it into a floating point number.</summary>
internal sealed class MoneyJson : JsonConverter<Money>
{
    private const string Amount = "Amount", Currency = "Currency";

    public override Money Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw NoMoney();
        string? amount = null;
        Currency? currency = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(Name(Amount, options)))
            {
                reader.Read();
                amount = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw NoMoney();
            }
            else if (reader.ValueTextEquals(Name(Currency, options)))
            {
                reader.Read();
                var code = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                currency = Contracts.Currency.TryParse(code, out var known) ? known : throw NoMoney();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
        return currency is { } of && Money.TryParse(amount, of, out var money) ? money : throw NoMoney();
    }

    public override void Write(Utf8JsonWriter writer, Money value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString(Name(Amount, options), value.Minor.ToString(CultureInfo.InvariantCulture));
        writer.WriteString(Name(Currency, options), value.Currency.Code);
        writer.WriteEndObject();
    }

    private static string Name(string name, JsonSerializerOptions options) => options.PropertyNamingPolicy?.ConvertName(name) ?? name;

    private static JsonException NoMoney() => new("""Money is {"amount":"1999","currency":"USD"}: whole minor units as text, and a currency.""");
}
