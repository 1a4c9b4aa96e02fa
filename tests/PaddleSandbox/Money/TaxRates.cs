namespace Allocora.PaddleSandbox.Money;

/// <summary>What tax is charged where, as far as the sandbox needs it: one rate a country, and a few places in the United States.</summary>
internal static class TaxRates
{
    private static readonly Dictionary<string, string> ByCountry = Table(
    [
        ("GB", "0.2"), ("IE", "0.23"), ("DE", "0.19"), ("FR", "0.2"), ("ES", "0.21"), ("IT", "0.22"), ("NL", "0.21"), ("SE", "0.25"),
        ("PL", "0.23"), ("CZ", "0.21"), ("DK", "0.25"), ("HU", "0.27"), ("CH", "0.081"), ("NO", "0.25"), ("AU", "0.1"), ("NZ", "0.15"),
        ("JP", "0.1"), ("KR", "0.1"), ("IN", "0.18"), ("CA", "0.13"), ("SG", "0.09"), ("MX", "0.16"), ("ZA", "0.15"), ("BR", "0"),
    ]);

    private static readonly Dictionary<string, string> ByFirstDigitsOfZip = Table(
    [
        ("100", "0.08875"), ("606", "0.1025"), ("752", "0.0825"), ("981", "0.1035"), ("941", "0.08625"),
    ]);

    public static Ratio Of(string? country, string? postalCode)
    {
        var rate = country switch
        {
            null => null,
            "US" => postalCode is { Length: >= 3 } zip ? ByFirstDigitsOfZip.GetValueOrDefault(zip[..3]) : null,
            _ => ByCountry.GetValueOrDefault(country),
        };
        return Ratio.Parse(rate ?? "0")!.Value;
    }

    /// <summary>Whether a price holds its tax. The account's own setting is that it does not; by location it does, but for North America.</summary>
    public static bool IsInPrice(string? taxMode, string? country) => taxMode switch
    {
        "internal" => true,
        "location" => country is not (null or "US" or "CA"),
        _ => false,
    };

    private static Dictionary<string, string> Table((string Place, string Rate)[] rates) => rates.ToDictionary(one => one.Place, one => one.Rate);
}
