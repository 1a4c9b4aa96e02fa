using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>What is refused half way leaves nothing behind, and rubbish is refused and not answered with a fault of the sandbox.</summary>
public sealed class All_or_nothing : IAsyncLifetime
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");
    private Shop shop = null!;

    public async Task InitializeAsync() => shop = await Shop.Open("--choice", "approveRefundsAfterMinutes=10");

    public async Task DisposeAsync() => await shop.DisposeAsync();

    [Fact]
    public async Task A_transaction_that_cannot_be_billed_is_neither_made_nor_told()
    {
        var body = shop.Body("US", (await shop.Price("500"), 1));
        body["status"] = "billed";
        var before = await Told();

        await shop.Sandbox.Post("/transactions", body, HttpStatusCode.BadRequest);

        Assert.Empty((await shop.Sandbox.Get("/transactions"))["data"]!.AsArray());
        Assert.Equal(before, await Told());
    }

    [Fact]
    public async Task An_approval_that_cannot_be_reckoned_changes_nothing_and_keeps_nothing_else_from_happening()
    {
        var (odd, good) = (await shop.Sold("US", (await shop.Price("500"), 1)), await shop.Sold("US", (await shop.Price("700"), 1)));
        var (oddRefund, goodRefund) = (await Refund(odd), await Refund(good));
        var spoiled = odd.DeepClone().AsObject();
        spoiled["details"]!["totals"] = "none";
        await shop.Sandbox.Send(HttpMethod.Post, "/objects", spoiled, HttpStatusCode.Created, shop.Sandbox.Control);

        await shop.Sandbox.Send(HttpMethod.Post, $"/objects/{oddRefund}/approve", null, HttpStatusCode.BadRequest, shop.Sandbox.Control);
        await shop.Sandbox.Send(HttpMethod.Post, "/clock", new JsonObject { ["advance"] = "PT1H" }, HttpStatusCode.OK, shop.Sandbox.Control);

        Assert.Equal("pending_approval", await Status(oddRefund));
        Assert.Equal("approved", await Status(goodRefund));
        Assert.DoesNotContain(await Told(), told => told == $"adjustment.updated {oddRefund}");
    }

    [Theory]
    [InlineData("""{"name":"a","name":"b","tax_category":"saas"}""")]
    [InlineData("""{"name":"\ud800","tax_category":"saas"}""")]
    [InlineData("""{"name":"a","tax_category":"saas","custom_data":{"\udc00":1}}""")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{")]
    public async Task A_body_that_cannot_be_read_one_way_only_is_refused(string body)
    {
        using var content = new StringContent(body, Json);
        using var answer = await shop.Sandbox.Http.PostAsync("/products", content);
        using var again = new StringContent(body.Replace("\"name\"", "\"id\"", StringComparison.Ordinal), Json);
        using var put = await shop.Sandbox.Control.PostAsync("/objects", again);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(put.StatusCode == HttpStatusCode.BadRequest || body == "[]", $"{body} was put in"); // no objects are objects too
        Assert.Empty((await shop.Sandbox.Get("/products"))["data"]!.AsArray());
    }

    [Theory]
    [InlineData("quantity", """{"minimum":"1","maximum":2}""")]
    [InlineData("quantity", """{"minimum":3,"maximum":2}""")]
    [InlineData("unit_price", "null")]
    [InlineData("unit_price_overrides", """[{"country_codes":["GB"],"unit_price":{"amount":"x","currency_code":"GBP"}}]""")]
    [InlineData("unit_price_overrides", """[{"country_codes":"GB","unit_price":{"amount":"1","currency_code":"GBP"}}]""")]
    public async Task A_price_nobody_could_be_charged_is_refused(string field, string value)
    {
        var price = await shop.Price("500");

        var refused = await shop.Sandbox.Patch($"/prices/{price}", new JsonObject { [field] = JsonNode.Parse(value) }, HttpStatusCode.BadRequest);

        Assert.StartsWith(field, (string)refused["error"]!["errors"]![0]!["field"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_too_much_to_reckon_is_refused()
    {
        var product = await shop.Sandbox.Post("/products", new JsonObject { ["name"] = "Dear", ["tax_category"] = "saas" });
        var price = await shop.Sandbox.Post("/prices", new JsonObject
        {
            ["product_id"] = (string)product["data"]!["id"]!,
            ["description"] = "One",
            ["unit_price"] = new JsonObject { ["amount"] = "999999999999", ["currency_code"] = "USD" },
            ["quantity"] = new JsonObject { ["minimum"] = 1, ["maximum"] = int.MaxValue },
        });

        await shop.Sandbox.Post("/transactions", shop.Body("GB", ((string)price["data"]!["id"]!, int.MaxValue)), HttpStatusCode.BadRequest);

        Assert.Empty((await shop.Sandbox.Get("/transactions"))["data"]!.AsArray());
    }

    [Theory]
    [InlineData("""{"now":"9999-12-31T23:59:59Z"}""")]
    [InlineData("""{"advance":"P9999999D"}""")]
    [InlineData("""{"advance":"soon"}""")]
    public async Task A_time_that_cannot_be_leaves_the_clock_alone(string body)
    {
        await shop.Sandbox.Send(HttpMethod.Post, "/clock", JsonNode.Parse(body), HttpStatusCode.BadRequest, shop.Sandbox.Control);

        await shop.Sandbox.Get("/event-types");
    }

    [Fact]
    public async Task Whoever_follows_the_ids_misses_nothing_however_many_write()
    {
        var price = await shop.Price("500");
        using var done = new CancellationTokenSource();
        var readers = new[] { "/events?order_by=id[ASC]&per_page=200", "/transactions?order_by=id[ASC]" }.Select(path => Follow(path, done.Token)).ToList();

        await Parallel.ForAsync(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) => await shop.Sold("US", (price, 1)));
        await done.CancelAsync();

        Assert.Equal((await All("/events?order_by=id[ASC]&per_page=200")), await readers[0]);
        Assert.Equal((await All("/transactions?order_by=id[ASC]")), await readers[1]);
    }

    // Reads on from the last id it saw until nothing more is written, and then to the end.
    private async Task<List<string>> Follow(string path, CancellationToken done)
    {
        var seen = new List<string>();
        for (var last = false; ;)
        {
            var isLast = done.IsCancellationRequested;
            var ids = await Page(path, seen.LastOrDefault());
            seen.AddRange(ids);
            if (ids.Count == 0 && last) return seen;
            last = isLast;
        }
    }

    private async Task<List<string>> All(string path)
    {
        var seen = new List<string>();
        for (List<string> page; (page = await Page(path, seen.LastOrDefault())).Count > 0;) seen.AddRange(page);
        return seen;
    }

    private async Task<List<string>> Page(string path, string? after)
    {
        var page = await shop.Sandbox.Get(after is null ? path : $"{path}&after={after}");
        return [.. page["data"]!.AsArray().Select(one => (string)(one!["event_id"] ?? one["id"])!)];
    }

    private async Task<string> Refund(JsonObject sale) => (string)(await shop.Adjust(sale, "refund", null))["data"]!["id"]!;

    private async Task<string> Status(string id) => (string)(await shop.Sandbox.Get($"/adjustments?id={id}"))["data"]![0]!["status"]!;

    private async Task<List<string>> Told() =>
        [.. (await shop.Sandbox.Get("/events?per_page=200"))["data"]!.AsArray().Select(one => $"{one!["event_type"]} {one["data"]!["id"]}")];
}
