using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Control;

namespace Allocora.PaddleSandbox;

/// <summary>A sandbox with nothing in it but what a test sells.</summary>
internal sealed class Shop(Running sandbox) : IAsyncDisposable
{
    public const string Customer = "ctm_01hv6y1jedq4p1n0yqn5ba3ky4";

    public Running Sandbox => sandbox;

    public static async Task<Shop> Open(params string[] args)
    {
        var sandbox = await Running.With(["--transactions", "0", .. args]);
        sandbox.Sandbox.Account.Customers.Put(new JsonObject { ["id"] = Customer, ["email"] = "someone@example.com", ["name"] = "Someone" });
        return new Shop(sandbox);
    }

    /// <summary>An address in the country, for the one customer.</summary>
    public string Address(string country, string? postalCode = null)
    {
        var id = "add_" + (country.ToLowerInvariant() + postalCode).PadRight(26, '0');
        sandbox.Sandbox.Account.Addresses.Put(new JsonObject
        {
            ["id"] = id,
            ["customer_id"] = Customer,
            ["country_code"] = country,
            ["postal_code"] = postalCode,
        });
        return id;
    }

    public string Discount(string type, string amount, string? currency = null)
    {
        var id = "dsc_" + (type[..4] + amount.Replace(".", "", StringComparison.Ordinal)).PadRight(26, '0');
        sandbox.Sandbox.Account.Discounts.Put(new JsonObject { ["id"] = id, ["type"] = type, ["amount"] = amount, ["currency_code"] = currency });
        return id;
    }

    public async Task<string> Price(string amount, string currency = "USD", string taxMode = "external")
    {
        var product = await sandbox.Post("/products", new JsonObject { ["name"] = "Book", ["tax_category"] = "ebooks" });
        var price = await sandbox.Post("/prices", new JsonObject
        {
            ["product_id"] = (string)product["data"]!["id"]!,
            ["description"] = "One copy",
            ["tax_mode"] = taxMode,
            ["unit_price"] = new JsonObject { ["amount"] = amount, ["currency_code"] = currency },
        });
        return (string)price["data"]!["id"]!;
    }

    public async Task<JsonObject> Order(string country, params (string Price, int Quantity)[] items) => await Order(Body(country, items));

    public async Task<JsonObject> Order(JsonObject body) => (await sandbox.Post("/transactions", body)).Of("data");

    public JsonObject Body(string country, params (string Price, int Quantity)[] items) => new()
    {
        ["items"] = new JsonArray([.. items.Select(item => new JsonObject { ["price_id"] = item.Price, ["quantity"] = item.Quantity })]),
        ["customer_id"] = Customer,
        ["address_id"] = Address(country, country == "US" ? "10021" : null),
    };

    /// <summary>What somebody other than the seller does.</summary>
    public JsonObject Do(JsonNode id, string verb)
    {
        var account = sandbox.Sandbox.Account;
        return account.Change(now => Verbs.Do(account, (string)id!, verb, now));
    }

    public async Task<JsonObject> Sold(string country, params (string Price, int Quantity)[] items)
    {
        var order = await Order(country, items);
        return Do(order["id"]!, "complete");
    }

    public Task<JsonObject> Adjust(JsonObject sale, string action, JsonArray? items, HttpStatusCode expected = HttpStatusCode.Created)
    {
        var type = items is null ? "full" : "partial";
        var body = new JsonObject { ["action"] = action, ["transaction_id"] = (string)sale["id"]!, ["reason"] = "error", ["type"] = type };
        if (items is not null) body["items"] = items;
        return sandbox.Post("/adjustments", body, expected);
    }

    public async Task<JsonObject> Read(JsonNode id) => (await sandbox.Get($"/transactions/{(string)id!}")).Of("data");

    public static long Amount(JsonNode? of, string field) => long.Parse((string)of![field]!, CultureInfo.InvariantCulture);

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();
}
