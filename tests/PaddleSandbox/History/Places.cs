using Allocora.PaddleSandbox.Money;

namespace Allocora.PaddleSandbox.History;

/// <summary>A city, and what its postal codes look like: a digit for each #.</summary>
internal readonly record struct City(string Name, string PostalCode, string? Region = null, string? Rate = null);

/// <summary>A country that is sold to.</summary>
/// <param name="Rate">Its tax on most things.</param>
/// <param name="BookRate">Its tax on books, where that is less.</param>
/// <param name="TaxNumber">What a tax number of its businesses looks like.</param>
internal sealed record Country(
    string Code, string Currency, int Weight, Ratio Rate, Ratio BookRate, bool IsEuropeanUnion, string TaxNumber, string Locale, City[] Cities);

internal static class Places
{
    public static readonly Country[] All =
    [
        Of("US", "USD", 300, "0", "0", false, "##-#######", "en",
            new("New York", "100##", "NY", "0.08875"), new("Los Angeles", "900##", "CA", "0.095"), new("Austin", "787##", "TX", "0.0825"),
            new("Seattle", "981##", "WA", "0.1035"), new("Portland", "972##", "OR", "0"), new("Chicago", "606##", "IL", "0.1025"),
            new("Miami", "331##", "FL", "0.07"), new("Denver", "802##", "CO", "0.0881"), new("Boston", "021##", "MA", "0.0625")),
        Of("DE", "EUR", 110, "0.19", "0.07", true, "DE#########", "de", new("Berlin", "101##"), new("Köln", "506##"), new("München", "803##")),
        Of("GB", "GBP", 100, "0.2", "0", false, "GB#########", "en", new("London", "N# #QA"), new("Leeds", "LS# #BT"), new("Bristol", "BS# #JE")),
        Of("FR", "EUR", 60, "0.2", "0.055", true, "FR###########", "fr", new("Paris", "750##"), new("Lyon", "690##")),
        Of("NL", "EUR", 40, "0.21", "0.09", true, "NL#########B##", "nl", new("Amsterdam", "10## AB"), new("Utrecht", "35## KL")),
        Of("IT", "EUR", 35, "0.22", "0.04", true, "IT###########", "it", new("Milano", "201##"), new("Torino", "101##")),
        Of("ES", "EUR", 35, "0.21", "0.04", true, "ESB########", "es", new("Madrid", "280##"), new("València", "460##")),
        Of("IE", "EUR", 15, "0.23", "0.09", true, "IE#######WH", "en", new City("Dublin", "D0# X#Y#")),
        Of("AT", "EUR", 15, "0.2", "0.1", true, "ATU########", "de", new("Wien", "10##"), new("Graz", "80##")),
        Of("CA", "CAD", 55, "0.13", "0.05", false, "#########RT0001", "en",
            new("Toronto", "M#V #K#", "ON"), new("Ottawa", "K#P #J#", "ON"), new("Hamilton", "L#P #A#", "ON")),
        Of("AU", "AUD", 50, "0.1", "0.1", false, "###########", "en", new("Sydney", "20##", "NSW"), new("Melbourne", "30##", "VIC")),
        Of("JP", "JPY", 40, "0.1", "0.1", false, "T#############", "ja", new("東京", "1##-00##"), new("大阪", "5##-00##")),
        Of("KR", "KRW", 20, "0.1", "0", false, "###-##-#####", "ko", new("서울", "04###"), new("부산", "48###")),
        Of("SE", "SEK", 22, "0.25", "0.06", true, "SE##########01", "sv", new("Stockholm", "11# ##"), new("Malmö", "21# ##")),
        Of("DK", "DKK", 16, "0.25", "0.25", true, "DK########", "da", new("København", "21##"), new("Aarhus", "80##")),
        Of("PL", "PLN", 24, "0.23", "0.05", true, "PL##########", "pl", new("Warszawa", "00-###"), new("Kraków", "30-###")),
        Of("CH", "CHF", 20, "0.081", "0.026", false, "CHE#########", "de", new("Zürich", "80##"), new("Bern", "30##")),
        Of("NZ", "NZD", 14, "0.15", "0.15", false, "###-###-###", "en", new("Auckland", "10##"), new("Wellington", "60##")),
        Of("IN", "INR", 24, "0.18", "0.18", false, "29#####A####Z5", "en", new("Bengaluru", "5600##", "KA"), new("Mumbai", "4000##", "MH")),
        Of("BR", "BRL", 20, "0", "0", false, "##############", "pt", new("São Paulo", "010##-###", "SP"), new("Recife", "500##-###", "PE")),
        Of("SG", "SGD", 12, "0.09", "0.09", false, "M#########", "en", new City("Singapore", "0####6")),
        Of("ZA", "ZAR", 10, "0.15", "0.15", false, "4#########", "en", new("Cape Town", "80##"), new("Durban", "40##")),
    ];

    public static readonly int[] Weights = [.. All.Select(country => country.Weight)];

    /// <summary>The tax of a place: its country's, or that of the city whose postal codes begin so; none where nothing is known.</summary>
    public static Ratio Rate(string? country, string? postalCode)
    {
        if (All.FirstOrDefault(one => one.Code == country) is not { } found) return new(0, 0);
        if (postalCode is null) return found.Rate;
        var city = found.Cities.FirstOrDefault(one => one.Rate is not null && postalCode.StartsWith(one.PostalCode.TrimEnd('#'), StringComparison.Ordinal));
        return Ratio.Parse(city.Rate) ?? found.Rate;
    }

    /// <summary>Whether a price holds its tax. The account's own setting is that prices do not; by location they do, but in North America.</summary>
    public static bool TaxInPrice(string? taxMode, string? country) =>
        taxMode == "internal" || (taxMode == "location" && country is not (null or "US" or "CA"));

    private static Country Of(
        string code, string currency, int weight, string rate, string bookRate, bool isEuropeanUnion, string taxNumber, string locale, params City[] cities) =>
        new(code, currency, weight, Ratio.Parse(rate)!.Value, Ratio.Parse(bookRate)!.Value, isEuropeanUnion, taxNumber, locale, cities);
}
