using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Catalogue;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>Who buys, for what a price and its tax depend on.</summary>
internal sealed record Place(string? Country, string? PostalCode);

/// <summary>One thing in the cart: its price object as it was when it was put there.</summary>
internal sealed record Item(JsonObject Price, JsonObject Product, int Quantity, bool IsCounted = true);

/// <summary>What is bought, read from a request and priced.</summary>
internal sealed record Cart(IReadOnlyList<Item> Items, string Currency)
{
    public static Cart Read(Account account, JsonArray? asked, string? currency, long now)
    {
        if (asked is null || asked.Count is 0 or > 100) throw Refused.Invalid("items", "must hold 1 to 100 items");
        var items = asked.Select((item, at) => Read(account, Body.Object(item, $"items[{at}]"), at, now)).ToList();
        currency ??= (string)items[0].Price["unit_price"]!["currency_code"]!;
        return new(items, currency);
    }

    public TransactionTotals Totals(Place place, Reduction reduction, Rates rates, long now, long credit = 0)
    {
        var counted = Items.Where(item => item.IsCounted).ToList();
        var inPrice = counted.Select(item => Places.TaxInPrice((string?)item.Price["tax_mode"], place.Country)).ToList();
        // One cart has one way: where it is mixed, what the first price says holds for all.
        return Money.Totals.Of([.. counted.Select(item => Line(item, place, rates, now))], reduction, inPrice.Count > 0 && inPrice[0], credit);
    }

    public Line Line(Item item, Place place, Rates rates, long now) =>
        new(UnitPrice(item.Price, place.Country, rates, now), item.Quantity, Places.Rate(place.Country, place.PostalCode));

    public JsonArray Json(bool isPreview) => new([.. Items.Select(item =>
    {
        var json = new JsonObject { ["price"] = item.Price.DeepClone(), ["quantity"] = item.Quantity, ["proration"] = null };
        if (isPreview) json["include_in_totals"] = item.IsCounted;
        else json["price_id"] = (string)item.Price["id"]!;
        return json;
    })]);

    // The price of the customer's country if there is one, else the price itself, and in another currency what it is worth there.
    private long UnitPrice(JsonObject price, string? country, Rates rates, long now)
    {
        var overrides = country is null ? null : price["unit_price_overrides"]?.AsArray();
        var over = overrides?.FirstOrDefault(one => one!["country_codes"]!.AsArray().Any(code => (string)code! == country));
        var unit = (over ?? price)["unit_price"]!;
        var amount = long.Parse((string)unit["amount"]!, CultureInfo.InvariantCulture);
        return rates.Convert(amount, (string)unit["currency_code"]!, Currency, now);
    }

    private static Item Read(Account account, JsonObject item, int at, long now)
    {
        var quantity = item.Whole("quantity") ?? 1;
        if (quantity < 1) throw Refused.Invalid($"items[{at}].quantity", "must be a whole number above 0");
        var counted = item.Flag("include_in_totals") ?? true;
        if (item.Text("price_id") is { } id)
        {
            var price = account.Prices.Find(id, now)?.Render(now) ?? throw Refused.Invalid($"items[{at}].price_id", "is not a price of this account");
            if ((string)price["status"]! == "archived") throw new Refused(400, "entity_archived", $"The price {id} is archived.");
            Bounds(price, quantity, at);
            return new(price, account.Products.Existing("product", (string)price["product_id"]!, now), quantity, counted);
        }
        return NotInCatalogue(account, item.Object("price") ?? throw Refused.Invalid($"items[{at}]", "needs price_id or price"), quantity, counted, now);
    }

    // Made for this one transaction: of type custom, so that no list shows it.
    private static Item NotInCatalogue(Account account, JsonObject asked, int quantity, bool counted, long now)
    {
        var body = asked.DeepClone().AsObject();
        JsonObject product;
        if (body.Object("product") is { } made)
        {
            product = Products.Make(made.DeepClone().AsObject(), account.NewId("pro", now), now);
            product["type"] = "custom";
        }
        else
        {
            product = account.Products.Existing("product", body.Needed("product_id"), now);
        }
        body.Remove("product");
        body.Remove("product_id");
        var price = Prices.Make(body, account.NewId("pri", now), (string)product["id"]!, now);
        price["type"] = "custom";
        return new(price, product, quantity, counted);
    }

    private static void Bounds(JsonObject price, int quantity, int at)
    {
        if (price["quantity"] is not JsonObject bounds) return;
        var (least, most) = ((int)bounds["minimum"]!, (int)bounds["maximum"]!);
        if (quantity < least || quantity > most) throw Refused.Invalid($"items[{at}].quantity", $"must be from {least} to {most} for this price");
    }
}
