using System.Net;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Events;

namespace Allocora.PaddleSandbox;

/// <summary>What nobody is sure of, seen both ways.</summary>
public sealed class Choices_seen_both_ways : IAsyncLifetime
{
    private Shop shop = null!;

    public async Task InitializeAsync() => shop = await Shop.Open("--report-seconds", "0");

    public async Task DisposeAsync() => await shop.DisposeAsync();

    [Fact]
    public async Task Adjustments_can_be_included_by_the_name_the_SDKs_use_or_not()
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));
        shop.Do(sale["id"]!, "charge-back");
        var path = $"/transactions/{sale["id"]}?include=adjustment";

        Assert.Single((await shop.Sandbox.Get(path))["data"]!["adjustments"]!.AsArray());
        await Choose("includeAdjustment", "refuse");
        await Refused(path, "include");
        Assert.Single((await shop.Sandbox.Get(path + "s"))["data"]!["adjustments"]!.AsArray());
    }

    [Fact]
    public async Task Actions_can_be_asked_for_as_a_list_or_one_at_a_time()
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));
        shop.Do(sale["id"]!, "charge-back");

        Assert.Single((await shop.Sandbox.Get("/adjustments?action=chargeback,refund"))["data"]!.AsArray());
        await Choose("actionList", "refuse");
        await Refused("/adjustments?action=chargeback,refund", "action");
        Assert.Single((await shop.Sandbox.Get("/adjustments?action=chargeback"))["data"]!.AsArray());
    }

    [Fact]
    public async Task Too_many_calls_are_an_error_of_the_API_or_of_the_request()
    {
        var rule = new JsonObject { ["match"] = "GET /products", ["kind"] = "status", ["status"] = 429, ["times"] = 0 };
        await shop.Sandbox.Do("POST", "/faults", rule, HttpStatusCode.Created);
        async Task<string> Type() => (string)(await shop.Sandbox.Get("/products", HttpStatusCode.TooManyRequests))["error"]!["type"]!;

        Assert.Equal("api_error", await Type());
        await Choose("tooManyType", "request_error");
        Assert.Equal("request_error", await Type());
    }

    [Fact]
    public async Task The_last_thirty_days_are_among_the_filters_of_a_report_or_hidden()
    {
        async Task<string[]> Filters()
        {
            var made = await shop.Sandbox.Post("/reports", Ordering.Body("transactions", JsonFilter.Of("status", "paid")));
            return [.. made["data"]!["filters"]!.AsArray().Select(one => (string)one!["name"]!)];
        }

        Assert.Equal(["status", "updated_at"], await Filters());
        await Choose("reportDefaultFilters", "hidden");
        Assert.Equal(["status"], await Filters());
    }

    [Fact]
    public async Task While_two_secrets_count_the_new_one_signs_first_or_last()
    {
        await using var receiver = await Receiver.Open();
        var made = await shop.Sandbox.Post("/notification-settings", new JsonObject
        {
            ["description"] = "For a test",
            ["type"] = "url",
            ["destination"] = receiver.Url,
            ["subscribed_events"] = new JsonArray("payout.paid"),
        });
        var old = (string)made["data"]!["endpoint_secret_key"]!;
        var young = (string)(await shop.Sandbox.Do("POST", $"/notification-settings/{made["data"]!["id"]}/rotate-secret"))["endpoint_secret_key"]!;

        await Tell();
        var first = (await receiver.Has(1))[0];
        await Choose("newSecretSigns", "last");
        await Tell();
        var second = (await receiver.Has(2))[1];

        Assert.Equal(Signature.Header([young, old], first.Seconds, first.Body), first.Signature);
        Assert.Equal(Signature.Header([old, young], second.Seconds, second.Body), second.Signature);
    }

    private Task<JsonObject> Tell() =>
        shop.Sandbox.Do("POST", "/events", new JsonObject { ["event_type"] = "payout.paid", ["data"] = new JsonObject() }, HttpStatusCode.Created);

    private Task<JsonObject> Choose(string name, string value) => shop.Sandbox.Do("POST", "/choices", new JsonObject { [name] = value });

    private async Task Refused(string path, string field) =>
        Assert.Equal(field, (string)(await shop.Sandbox.Get(path, HttpStatusCode.BadRequest))["error"]!["errors"]![0]!["field"]!);
}
