using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The customers of the past, each known by a number alone: who they are, where they live, and whether they buy for a business.</summary>
internal sealed class People(long seed)
{
    private static readonly string[] FirstNames =
    [
        "Ada", "Bruno", "Carla", "David", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Karin", "Luis", "Maya", "Nils", "Olga", "Pavel",
        "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera", "Will", "Xenia", "Yusuf", "Zoe", "Aiko", "Minjun", "Chloé", "José",
    ];

    private static readonly string[] LastNames =
    [
        "Abbott", "Berg", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Haas", "Ito", "Jensen", "Kim", "Larsen", "Meyer", "Novak", "O'Neill",
        "Park", "Quist", "Rossi", "Schmidt", "Tanaka", "Ulrich", "Vries", "Weber", "Xu", "Young", "Zimmer", "Müller", "Nuñez",
    ];

    private static readonly string[] Streets =
        ["Mill Lane", "Station Road", "High Street", "Lindenweg", "Rue du Port", "Via Roma", "Canal Street", "Park Avenue"];
    private static readonly string[] Trades = ["Software", "Studio", "Books", "Consulting", "Media", "Robotics", "Learning", "Design"];
    private static readonly string[] Domains = ["example.com", "example.org", "example.net"];

    private readonly Dice dice = Dice.Of(seed).For(Purpose.People);

    public Dice Of(int customer) => dice.For(1, customer);

    public Country Country(int customer) => Places.All[Of(customer).Weighted(Places.Weights, 1)];

    public City City(int customer) => Of(customer).Pick(Country(customer).Cities, 2);

    public bool HasBusiness(int customer) => Of(customer).Happens(800, 3);

    /// <summary>The tax of this customer on a kind of product: none for a business elsewhere in the European Union, who owes it there.</summary>
    public Ratio Rate(int customer, string taxCategory)
    {
        var country = Country(customer);
        if (country.IsEuropeanUnion && HasBusiness(customer)) return new(0, 0);
        if (City(customer).Rate is { } ofState) return Ratio.Parse(ofState)!.Value;
        return taxCategory == "ebooks" ? country.BookRate : country.Rate;
    }

    public string Name(int customer) => $"{Of(customer).Pick(FirstNames, 4)} {Of(customer).Pick(LastNames, 5)}";

    public string CustomerId(int customer, long created) => Ids.Of("ctm", created, customer, Of(customer).For(1));

    public string AddressId(int customer, long created) => Ids.Of("add", created, customer, Of(customer).For(2));

    public string BusinessId(int customer, long created) => Ids.Of("biz", created, customer, Of(customer).For(3));

    public JsonObject Customer(int customer, long created)
    {
        var own = Of(customer);
        return new JsonObject
        {
            ["id"] = CustomerId(customer, created),
            ["name"] = own.Happens(700, 6) ? null : Name(customer),
            ["email"] = Email(customer),
            ["marketing_consent"] = own.Happens(3_000, 7),
            ["status"] = own.Happens(100, 8) ? "archived" : "active",
            ["custom_data"] = null,
            ["locale"] = Country(customer).Locale,
            ["created_at"] = Instants.Text(created),
            ["updated_at"] = Instants.Text(created),
            ["import_meta"] = null,
        };
    }

    public JsonObject Address(int customer, long created)
    {
        var (own, city) = (Of(customer), City(customer));
        var wholeAddress = city.Region is not null || own.Happens(6_000, 9);
        return new JsonObject
        {
            ["id"] = AddressId(customer, created),
            ["customer_id"] = CustomerId(customer, created),
            ["description"] = null,
            ["first_line"] = wholeAddress ? $"{own.Between(1, 240, 10)} {own.Pick(Streets, 11)}" : null,
            ["second_line"] = null,
            ["city"] = wholeAddress ? city.Name : null,
            ["postal_code"] = wholeAddress ? Digits(city.PostalCode, own.For(4)) : null,
            ["region"] = city.Region,
            ["country_code"] = Country(customer).Code,
            ["custom_data"] = null,
            ["status"] = "active",
            ["created_at"] = Instants.Text(created),
            ["updated_at"] = Instants.Text(created),
            ["import_meta"] = null,
        };
    }

    public JsonObject Business(int customer, long created)
    {
        var own = Of(customer);
        return new JsonObject
        {
            ["id"] = BusinessId(customer, created),
            ["customer_id"] = CustomerId(customer, created),
            ["name"] = $"{own.Pick(LastNames, 5)} {own.Pick(Trades, 12)}",
            ["company_number"] = own.Happens(5_000, 13) ? Digits("########", own.For(5)) : null,
            ["tax_identifier"] = Digits(Country(customer).TaxNumber, own.For(6)),
            ["status"] = "active",
            ["contacts"] = new JsonArray(new JsonObject { ["name"] = Name(customer), ["email"] = Email(customer) }),
            ["created_at"] = Instants.Text(created),
            ["updated_at"] = Instants.Text(created),
            ["custom_data"] = null,
            ["import_meta"] = null,
        };
    }

    private string Email(int customer)
    {
        var plain = new StringBuilder();
        foreach (var letter in Name(customer))
        {
            if (char.IsAsciiLetter(letter)) plain.Append(char.ToLowerInvariant(letter));
            else if (letter == ' ') plain.Append('.');
        }
        return $"{plain}.{customer.ToString(CultureInfo.InvariantCulture)}@{Of(customer).Pick(Domains, 14)}";
    }

    private static string Digits(string pattern, Dice own) => string.Create(pattern.Length, (pattern, own), static (to, x) =>
    {
        for (var at = 0; at < to.Length; at++) to[at] = x.pattern[at] == '#' ? (char)('0' + x.own.Below(10, at)) : x.pattern[at];
    });
}
