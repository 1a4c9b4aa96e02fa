using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Api;

/// <summary>What the API says of itself: its name and who is calling, from where it calls, the currencies it knows.</summary>
internal static class RootApi
{
    private static readonly string[] Addresses = ["34.194.127.46/32", "54.234.237.108/32", "3.208.120.145/32"];
    private static readonly string[] InTheSandbox = ["34.232.58.13/32", "34.195.105.136/32", "34.237.3.244/32"];
    private static readonly string[] Balance = ["AUD", "CAD", "EUR", "GBP", "USD"];
    private static readonly string[] OfTheEuro = ["AT", "BE", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PT"];

    public static void MapRoot(this IEndpointRouteBuilder routes, Account account)
    {
        var isLive = account.Options.IsLive;
        routes.Read("/", null, http => Answer.Ok(new JsonObject { ["api"] = Api(isLive), ["caller"] = Caller(http) }), true, []);
        routes.Read("/ips", null, _ => Answer.Ok(new JsonObject { ["ipv4_cidrs"] = Texts(isLive ? Addresses : InTheSandbox) }), true, []);
        routes.Read("/currencies", null, _ => Answer.Ok(new JsonArray([.. Currencies.All.Select(Currency)])), takes: []);
    }

    private static JsonObject Api(bool isLive) => new()
    {
        ["name"] = "Paddle API",
        ["version"] = 1,
        ["environment"] = isLive ? "production" : "sandbox",
        ["documentation_url"] = "https://developer.paddle.com/api-reference",
    };

    private static JsonObject Caller(HttpContext http)
    {
        var key = http.Items[typeof(ApiKey)] as ApiKey;
        return new()
        {
            ["auth_type"] = key is null ? null : "api_key",
            ["account"] = key is null ? null : new JsonObject { ["id"] = "1", ["name"] = "Sandbox" },
            ["permissions"] = Texts(key is null ? [] : key.Permissions.Order(StringComparer.Ordinal)),
        };
    }

    private static JsonObject Currency(string code) => new()
    {
        ["code"] = code,
        ["name"] = Names.GetValueOrDefault(code, code),
        ["decimal_places"] = Currencies.Places(code),
        ["can_be_balance"] = Balance.Contains(code),
        ["applicable_countries"] = Texts(code == "EUR" ? OfTheEuro : [code[..2]]),
        ["minimum_payment_amount"] = Currencies.Places(code) == 0 ? "100" : "70",
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(one => (JsonNode)one)]);

    private static readonly Dictionary<string, string> Names = new[]
    {
        "USD United States Dollar; EUR Euro; GBP Pound Sterling; JPY Japanese Yen; AUD Australian Dollar; CAD Canadian Dollar",
        "CHF Swiss Franc; HKD Hong Kong Dollar; SGD Singapore Dollar; SEK Swedish Krona; ARS Argentine Peso; BRL Brazilian Real",
        "CLP Chilean Peso; CNY Chinese Yuan; COP Colombian Peso; CZK Czech Koruna; DKK Danish Krone; HUF Hungarian Forint",
        "ILS Israeli Shekel; INR Indian Rupee; KRW South Korean Won; MXN Mexican Peso; NOK Norwegian Krone; NZD New Zealand Dollar",
        "PEN Peruvian Sol; PLN Polish Zloty; RUB Russian Ruble; THB Thai Baht; TRY Turkish Lira; TWD New Taiwan Dollar",
        "UAH Ukrainian Hryvnia; VND Vietnamese Dong; ZAR South African Rand",
    }.SelectMany(line => line.Split("; ")).ToDictionary(one => one[..3], one => one[4..]);
}
