using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>The catalogue as a seller makes it and a connector reads it.</summary>
public sealed class Products_and_prices : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With("--transactions", "0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task What_was_made_is_read_back_and_an_archived_one_only_when_asked_for()
    {
        var made = (await sandbox.Post("/products", Product("Reader"))).Of("data");
        var price = (await sandbox.Post("/prices", Price((string)made["id"]!, "1999"))).Of("data");
        await sandbox.Patch($"/products/{made["id"]}", new JsonObject { ["status"] = "archived" });

        var active = await sandbox.Get($"/products?id={made["id"]}");
        var all = await sandbox.Get($"/products?id={made["id"]}&status=active,archived&include=prices");

        Assert.Empty(active["data"]!.AsArray());
        var found = all["data"]!.AsArray().Single()!.AsObject();
        Assert.Equal(("Reader", "archived"), ((string)found["name"]!, (string)found["status"]!));
        Assert.Equal((string)price["id"]!, (string)found["prices"]![0]!["id"]!);
        Assert.Equal("1999", (string)found["prices"]![0]!["unit_price"]!["amount"]!);
    }

    [Theory]
    [InlineData("{}", "name")]
    [InlineData("""{"name":"x","tax_category":"toys"}""", "tax_category")]
    [InlineData("""{"name":"x","tax_category":"saas","colour":"red"}""", "colour")]
    [InlineData("""{"name":7,"tax_category":"saas"}""", "name")]
    public async Task A_body_that_does_not_fit_is_refused_with_the_field(string body, string field)
    {
        var refused = await sandbox.Post("/products", JsonNode.Parse(body)!, HttpStatusCode.BadRequest);

        var error = refused.Of("error");
        Assert.Equal(("request_error", "bad_request"), ((string)error["type"]!, (string)error["code"]!));
        Assert.Equal(field, (string)error["errors"]![0]!["field"]!);
        Assert.Equal(36, ((string)refused["meta"]!["request_id"]!).Length);
    }

    [Fact]
    public async Task Pages_follow_each_other_and_the_last_one_says_so()
    {
        for (var made = 0; made < 5; made++) await sandbox.Post("/products", Product($"Product {made}"));

        var names = new List<string>();
        var next = "/products?per_page=2&order_by=name[ASC]";
        for (var more = true; more;)
        {
            var page = await sandbox.Get(next);
            names.AddRange(page["data"]!.AsArray().Select(one => (string)one!["name"]!));
            Assert.InRange(page["data"]!.AsArray().Count, 1, 2);
            (next, more) = ((string)page["meta"]!["pagination"]!["next"]!, (bool)page["meta"]!["pagination"]!["has_more"]!);
        }

        Assert.Equal(["Product 0", "Product 1", "Product 2", "Product 3", "Product 4"], names);
    }

    [Fact]
    public async Task A_page_is_never_bigger_than_it_can_be_and_one_object_takes_no_parameters_of_lists()
    {
        var made = (await sandbox.Post("/products", Product("Reader"))).Of("data");

        var page = await sandbox.Get("/products?per_page=99999999999999999999");
        var refused = await sandbox.Get($"/products/{made["id"]}?per_page=2", HttpStatusCode.BadRequest);

        Assert.Equal(200, (int)page["meta"]!["pagination"]!["per_page"]!);
        Assert.Equal("per_page", (string)refused["error"]!["errors"]![0]!["field"]!);
    }

    private static JsonObject Product(string name) => new() { ["name"] = name, ["tax_category"] = "ebooks" };

    private static JsonObject Price(string product, string amount) => new()
    {
        ["product_id"] = product,
        ["description"] = "Once",
        ["unit_price"] = new JsonObject { ["amount"] = amount, ["currency_code"] = "USD" },
    };
}
