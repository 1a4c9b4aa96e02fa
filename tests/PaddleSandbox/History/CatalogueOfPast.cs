using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The seller's products and prices as they were at any time, and those that were made for one sale.</summary>
internal sealed class CatalogueOfPast(long seed, long start, long until)
{
    private static readonly (string Currency, string[] Countries, Func<Offer, long> Of)[] Localized =
    [
        ("EUR", [.. Places.All.Where(country => country.Currency == "EUR").Select(country => country.Code)], static offer => offer.Euros),
        ("GBP", ["GB"], static offer => offer.Pounds),
        ("JPY", ["JP"], static offer => offer.Yen),
    ];

    private readonly Dice dice = Dice.Of(seed).For(Purpose.Catalogue);

    /// <summary>How far into the history an instant is, in hundredths.</summary>
    public int Progress(long at) => (int)Math.Clamp((at - start) * 100 / Math.Max(1, until - start), 0, 100);

    public long Made(int ware) => Wares.All[ware].Made == 0
        ? start - (400 * Instants.Day) + (ware * 11 * Instants.Day) + dice.For(1, ware).Between(0, 8 * Instants.Hour)
        : start + ((until - start) / 100 * (Wares.All[ware].Made - 1));

    public long MadeOffer(int offer) => Made(Wares.Offers[offer].Ware) + ((offer + 1) * Instants.Hour);

    public string ProductId(int ware) => Ids.Of("pro", Made(ware), ware, dice.For(1, ware));

    public string PriceId(int offer) => Ids.Of("pri", MadeOffer(offer), offer, dice.For(2, offer));

    /// <summary>What one costs a customer there, with or without tax as the price says.</summary>
    public static long UnitPrice(Offer offer, Country country, string currency)
    {
        foreach (var (own, countries, of) in Localized)
        {
            if (own == currency && of(offer) is > 0 and var amount && countries.Contains(country.Code)) return amount;
        }
        return Rates.OfCents(offer.Cents, currency);
    }

    public JsonObject Product(int ware, long at)
    {
        var (one, made) = (Wares.All[ware], Made(ware));
        var archived = start + ((until - start) / 100 * one.Archived);
        var isArchived = one.Archived <= 100 && archived <= at;
        var (status, updated) = isArchived ? ("archived", archived) : ("active", made);
        return Product(ProductId(ware), one.Name, "standard", one.TaxCategory, one.Author, status, made, updated);
    }

    public JsonObject Price(int offer, long at)
    {
        var one = Wares.Offers[offer];
        var overrides = new JsonArray();
        foreach (var (currency, countries, of) in Localized)
        {
            if (of(one) == 0) continue;
            overrides.Add((JsonNode)new JsonObject
            {
                ["country_codes"] = new JsonArray([.. countries.Select(code => (JsonNode)code)]),
                ["unit_price"] = Money(of(one), currency),
            });
        }
        var status = Wares.All[one.Ware].Archived <= 100 && start + ((until - start) / 100 * Wares.All[one.Ware].Archived) <= at ? "archived" : "active";
        var (id, productId) = (PriceId(offer), ProductId(one.Ware));
        return Price(id, productId, one.Name, "standard", one.Months, one.TaxMode, Money(one.Cents, "USD"), overrides, status, MadeOffer(offer));
    }

    /// <summary>A product made for one sale: no list shows it.</summary>
    public static JsonObject CustomProduct(string id, string name, string taxCategory, long made) =>
        Product(id, name, "custom", taxCategory, null, "active", made, made);

    /// <summary>A price made for one sale: no list shows it.</summary>
    public static JsonObject CustomPrice(string id, string productId, string name, long amount, string currency, long made) =>
        Price(id, productId, name, "custom", 0, "external", Money(amount, currency), [], "active", made);

    private static JsonObject Product(string id, string name, string type, string taxCategory, string? author, string status, long made, long updated) => new()
    {
        ["id"] = id,
        ["name"] = name,
        ["description"] = type == "custom" ? null : $"{name}, by the people who make it.",
        ["type"] = type,
        ["tax_category"] = taxCategory,
        ["image_url"] = author is null ? null : "https://shop.example.com/images/" + id + ".png",
        ["custom_data"] = author is null ? null : new JsonObject { ["author"] = author },
        ["status"] = status,
        ["import_meta"] = null,
        ["created_at"] = Instants.Text(made),
        ["updated_at"] = Instants.Text(updated),
    };

    private static JsonObject Price(
        string id, string productId, string name, string type, int months, string taxMode, JsonObject unitPrice, JsonArray overrides, string status,
        long made) =>
        new()
        {
            ["id"] = id,
            ["product_id"] = productId,
            ["description"] = name,
            ["type"] = type,
            ["name"] = name,
            ["billing_cycle"] = months == 0 ? null : new JsonObject { ["interval"] = months == 12 ? "year" : "month", ["frequency"] = 1 },
            ["trial_period"] = null,
            ["tax_mode"] = taxMode,
            ["unit_price"] = unitPrice,
            ["unit_price_overrides"] = overrides,
            ["quantity"] = new JsonObject { ["minimum"] = 1, ["maximum"] = 100 },
            ["status"] = status,
            ["custom_data"] = null,
            ["import_meta"] = null,
            ["created_at"] = Instants.Text(made),
            ["updated_at"] = Instants.Text(made),
        };

    private static JsonObject Money(long amount, string currency) => new() { ["amount"] = AdjustingJson.Text(amount), ["currency_code"] = currency };
}
