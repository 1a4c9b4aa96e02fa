using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

public sealed class Notification_settings : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With("--transactions", "0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task One_is_made_with_names_and_shown_with_what_they_mean()
    {
        var made = (await sandbox.Post("/notification-settings", Setting())).Of("data");

        var shown = (await sandbox.Get($"/notification-settings/{made["id"]}")).Of("data");

        Assert.True(JsonNode.DeepEquals(made, shown));
        Assert.Equal(
            [
                "id", "description", "type", "destination", "active", "api_version", "include_sensitive_fields", "traffic_source", "subscribed_events",
                "endpoint_secret_key",
            ],
            shown.Select(one => one.Key));
        Assert.Equal(("platform", true), ((string)shown["traffic_source"]!, (bool)shown["active"]!));
        Assert.Equal((false, 1), ((bool)shown["include_sensitive_fields"]!, (int)shown["api_version"]!));
        Assert.Equal("Adjustment", (string)shown["subscribed_events"]![0]!["group"]!);
        Assert.Matches($"^pdl_{shown["id"]}_[a-zA-Z0-9]{{32}}$", (string)shown["endpoint_secret_key"]!);
    }

    [Fact]
    public async Task One_is_changed_listed_by_what_it_is_and_removed()
    {
        var first = (string)(await sandbox.Post("/notification-settings", Setting()))["data"]!["id"]!;
        await sandbox.Post("/notification-settings", Setting());

        var changed = (await sandbox.Patch($"/notification-settings/{first}",
            new JsonObject { ["active"] = false, ["traffic_source"] = "all", ["subscribed_events"] = new JsonArray("payout.paid") })).Of("data");
        var inactive = (await sandbox.Get("/notification-settings?active=false&traffic_source=all"))["data"]!.AsArray();
        await sandbox.Send(HttpMethod.Delete, $"/notification-settings/{first}", null, HttpStatusCode.NoContent);

        Assert.Equal("payout.paid", (string)changed["subscribed_events"]!.AsArray().Single()!["name"]!);
        Assert.Equal(first, (string)inactive.Single()!["id"]!);
        var left = await sandbox.Get("/notification-settings");
        Assert.NotEqual(first, (string)left["data"]!.AsArray().Single()!["id"]!);
        Assert.Equal(200, (int)left["meta"]!["pagination"]!["per_page"]!);
        await sandbox.Send(HttpMethod.Get, $"/notification-settings/{first}", null, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("type", "\"pigeon\"", "bad_request", "type")]
    [InlineData("destination", "\"ftp://example.com\"", "url_notification_setting_incorrect", "destination")]
    [InlineData("destination", "null", "bad_request", "destination")]
    [InlineData("description", "\"\"", "bad_request", "description")]
    [InlineData("subscribed_events", "[\"payout.paid\",\"payout.lost\"]", "bad_request", "subscribed_events[1]")]
    [InlineData("subscribed_events", "[]", "bad_request", "subscribed_events")]
    [InlineData("subscribed_events", "null", "bad_request", "subscribed_events")]
    [InlineData("active", "\"yes\"", "bad_request", "active")]
    [InlineData("api_version", "2", "bad_request", "api_version")]
    [InlineData("traffic_source", "\"elsewhere\"", "bad_request", "traffic_source")]
    [InlineData("endpoint_secret_key", "\"mine\"", "bad_request", "endpoint_secret_key")]
    public async Task What_does_not_fit_is_refused_with_the_field(string field, string value, string code, string wrong)
    {
        var setting = Setting();
        setting[field] = JsonNode.Parse(value);

        var error = (await sandbox.Post("/notification-settings", setting, HttpStatusCode.BadRequest)).Of("error");

        Assert.Equal((code, wrong), ((string)error["code"]!, (string)error["errors"]![0]!["field"]!));
        Assert.Empty((await sandbox.Get("/notification-settings"))["data"]!.AsArray());
    }

    [Fact]
    public async Task No_more_than_ten_are_active()
    {
        for (var made = 0; made < 10; made++) await sandbox.Post("/notification-settings", Setting());

        var refused = await sandbox.Post("/notification-settings", Setting(), HttpStatusCode.BadRequest);
        var last = (string)(await sandbox.Get("/notification-settings"))["data"]![0]!["id"]!;
        await sandbox.Patch($"/notification-settings/{last}", new JsonObject { ["active"] = false });
        await sandbox.Post("/notification-settings", Setting());

        Assert.Equal("notification_maximum_active_settings_reached", (string)refused["error"]!["code"]!);
        await sandbox.Patch($"/notification-settings/{last}", new JsonObject { ["active"] = true }, HttpStatusCode.BadRequest);
    }

    private static JsonObject Setting() => new()
    {
        ["description"] = "For a test",
        ["type"] = "url",
        ["destination"] = "http://127.0.0.1:9/hook",
        ["subscribed_events"] = new JsonArray("adjustment.created", "transaction.completed"),
    };
}
