using System.Net;
using System.Text.Json.Nodes;
using Allocora.Testing;

namespace Allocora.PaddleSandbox;

/// <summary>What a receiver of webhooks sees of the sandbox.</summary>
public sealed class Webhooks : IAsyncLifetime
{
    private Running sandbox = null!;
    private Receiver receiver = null!;

    public async Task InitializeAsync()
    {
        var history = new MadeUpHistory(
            ("2026-10-30T00:00:00Z", "transaction.completed"), ("2026-11-03T00:00:00Z", "transaction.created"),
            ("2026-11-03T00:00:00.000001Z", "transaction.completed"), ("2026-12-24T00:00:00Z", "adjustment.created"),
            ("2027-02-01T00:00:00Z", "adjustment.updated"));
        sandbox = await Running.Around([history], "--transactions", "0", "--webhook-pace", "100000", "--now", "2026-11-01T00:00:00Z");
        receiver = await Receiver.Open();
    }

    public async Task DisposeAsync()
    {
        await sandbox.DisposeAsync();
        await receiver.DisposeAsync();
    }

    [Fact]
    public async Task What_happens_is_sent_and_signed_with_the_secret_of_the_destination()
    {
        var secret = await Subscribed("/here", "product.created");

        var product = await sandbox.Post("/products", new JsonObject { ["name"] = "Zoë's", ["tax_category"] = "saas" });

        var webhook = (await receiver.Has(1))[0];
        Assert.Equal(("/here", "product.created"), (webhook.Path, webhook.Type));
        Assert.Equal(["event_id", "event_type", "occurred_at", "notification_id", "data"], webhook.Json.Select(one => one.Key));
        Assert.True(JsonNode.DeepEquals(product["data"], webhook.Json["data"]));
        Assert.Contains("Paddle", webhook.UserAgent);
        Assert.True(webhook.IsSignedWith(secret));
        Assert.False(webhook.IsSignedWith(secret + "x"));
        Assert.False(webhook.IsSignedWith(secret, [.. webhook.Body, (byte)' ']));
        Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - webhook.Seconds, 0, 3600);
    }

    [Fact]
    public async Task While_a_secret_is_rotated_both_sign_and_a_day_later_only_the_new_one()
    {
        var old = await Subscribed("/", "payout.paid");
        var id = await OnlyDestination();
        var young = (string)(await sandbox.Do("POST", $"/notification-settings/{id}/rotate-secret"))["endpoint_secret_key"]!;

        await Tell("payout.paid", 1);
        var during = (await receiver.Has(1))[0];
        await sandbox.Do("POST", "/clock", new JsonObject { ["advance"] = "PT25H" });
        await Tell("payout.paid", 2);
        var later = (await receiver.Has(2))[1];

        Assert.NotEqual(old, young);
        Assert.Equal(2, during.Signatures.Length);
        Assert.True(during.IsSignedWith(old) && during.IsSignedWith(young));
        Assert.True(later.IsSignedWith(young));
        Assert.False(later.IsSignedWith(old));
    }

    [Fact]
    public async Task One_that_is_not_answered_with_200_is_sent_again_until_it_is()
    {
        await Subscribed("/", "payout.paid");
        receiver.Answers = count => count switch { 0 => 500, 1 => 204, _ => 200 };

        await Tell("payout.paid", 1);

        var all = await receiver.Has(3);
        var notification = await Settled();
        Assert.Equal(all[0].Body, all[2].Body);
        Assert.Equal(("delivered", 3), ((string)notification["status"]!, (int)notification["times_attempted"]!));
        Assert.NotNull(notification["delivered_at"]);
        var logs = (await sandbox.Get($"/notifications/{notification["id"]}/logs?order_by=id[ASC]"))["data"]!.AsArray();
        Assert.Equal([500, 204, 200], logs.Select(log => (int)log!["response_code"]!));
        Assert.Equal("thanks", (string)logs[0]!["response_body"]!);
    }

    [Fact]
    public async Task One_that_is_never_taken_has_failed_after_the_last_try_and_can_be_replayed()
    {
        await Subscribed("/", "payout.paid");
        receiver.Answers = _ => 503;
        await Tell("payout.paid", 1);
        var failed = await Settled();
        receiver.Answers = _ => 200;

        var replay = await sandbox.Send(HttpMethod.Post, $"/notifications/{failed["id"]}/replay", null, HttpStatusCode.Accepted);

        var all = await receiver.Has(5);
        Assert.Equal(("failed", 4), ((string)failed["status"]!, (int)failed["times_attempted"]!));
        Assert.Equal((string)replay["data"]!["notification_id"]!, (string)all[4].Json["notification_id"]!);
        Assert.Equal((string)all[0].Json["event_id"]!, (string)all[4].Json["event_id"]!);
        var again = (await sandbox.Get($"/notifications/{replay["data"]!["notification_id"]}"))["data"]!;
        Assert.Equal("replay", (string)again["origin"]!);
        Assert.NotNull((await sandbox.Get($"/notifications/{failed["id"]}"))["data"]!["replayed_at"]);
        var refused = await sandbox.Send(HttpMethod.Post, $"/notifications/{again["id"]}/replay", null, HttpStatusCode.BadRequest);
        Assert.Equal("notification_replay_invalid_origin_type", (string)refused["error"]!["code"]!);
    }

    [Fact]
    public async Task A_destination_that_nobody_answers_at_makes_others_no_later()
    {
        await sandbox.Post("/notification-settings", Setting("http://127.0.0.1:9/", "payout.paid"));
        await Subscribed("/", "payout.paid");

        await Tell("payout.paid", 1);

        Assert.Equal("/", (await receiver.Has(1))[0].Path);
        var failed = await Eventually.Sees(_ => sandbox.Get("/notifications?status=failed"), page => page["data"]!.AsArray().Count == 1);
        Assert.Equal(4, (int)failed["data"]![0]!["times_attempted"]!);
    }

    [Fact]
    public async Task Each_destination_gets_what_it_subscribed_to_in_the_order_in_which_it_happened()
    {
        await Subscribed("/payouts", "payout.paid");
        await Subscribed("/products", "product.created", "product.updated");
        var product = (await sandbox.Post("/products", new JsonObject { ["name"] = "0", ["tax_category"] = "saas" }))["data"]!;
        for (var change = 1; change < 30; change++)
        {
            await sandbox.Patch($"/products/{product["id"]}", new JsonObject { ["name"] = $"{change}" });
            if (change % 10 == 0) await Tell("payout.paid", change);
        }

        var all = await receiver.Has(32);

        var names = all.Where(one => one.Path == "/products").Select(one => (string)one.Json["data"]!["name"]!);
        Assert.Equal(Enumerable.Range(0, 30).Select(at => $"{at}"), names);
        Assert.Equal([10, 20], all.Where(one => one.Path == "/payouts").Select(one => (int)one.Json["data"]!["number"]!));
    }

    [Fact]
    public async Task What_history_brings_while_the_clock_is_moved_is_sent_in_order_and_nothing_from_before()
    {
        await Subscribed("/", "transaction.created", "transaction.completed", "adjustment.created", "adjustment.updated");

        await sandbox.Do("POST", "/clock", new JsonObject { ["advance"] = "P200D" });
        var all = await receiver.Has(4);
        await Tell("adjustment.created", 9);
        var more = await receiver.Has(5);

        Assert.Equal(["transaction.created", "transaction.completed", "adjustment.created", "adjustment.updated"], all.Select(one => one.Type));
        Assert.Equal(9, (int)more[4].Json["data"]!["number"]!);
        var listed = await sandbox.All("/events?order_by=id[ASC]", one => (string)one["event_id"]!);
        Assert.Equal((string)more[4].Json["event_id"]!, listed[^1]);
    }

    [Fact]
    public async Task A_destination_that_is_not_active_or_gone_gets_nothing()
    {
        await Subscribed("/quiet", "payout.paid");
        var quiet = await OnlyDestination();
        await Subscribed("/gone", "payout.paid");
        var gone = (await sandbox.Get("/notification-settings"))["data"]!.AsArray().Select(one => (string)one!["id"]!).Single(id => id != quiet);
        await sandbox.Patch($"/notification-settings/{quiet}", new JsonObject { ["active"] = false });
        await sandbox.Send(HttpMethod.Delete, $"/notification-settings/{gone}", null, HttpStatusCode.NoContent);
        await Subscribed("/there", "payout.paid");

        for (var number = 1; number <= 3; number++) await Tell("payout.paid", number);

        Assert.Equal(["/there", "/there", "/there"], (await receiver.Has(3)).Select(one => one.Path));
    }

    [Fact]
    public async Task Notifications_are_found_by_destination_status_text_subject_and_time()
    {
        await Subscribed("/", "transaction.created", "transaction.completed", "adjustment.created");
        await sandbox.Do("POST", "/clock", new JsonObject { ["advance"] = "P60D" });
        await receiver.Has(3);
        await Eventually.Sees(_ => sandbox.Get("/notifications?status=delivered"), page => page["data"]!.AsArray().Count == 3);
        var id = await OnlyDestination();

        async Task<string[]> Found(string query) => [.. await sandbox.All($"/notifications?per_page=1&order_by=id[ASC]&{query}", one => (string)one["type"]!)];

        Assert.Equal(3, (await Found($"notification_setting_id={id}")).Length);
        Assert.Empty(await Found("status=failed,needs_retry"));
        Assert.Equal(["transaction.created", "transaction.completed"], await Found("search=TRANSACTION"));
        Assert.Equal(["transaction.completed"], await Found($"filter=txn_{2:D26}"));
        Assert.Equal(["adjustment.created"], await Found("from=2026-12-01T00:00:00Z"));
        Assert.Equal(["transaction.created"], await Found("to=2026-11-03T00:00:00Z"));
        var refused = await sandbox.Send(HttpMethod.Get, "/notifications?from=yesterday", null, HttpStatusCode.BadRequest);
        Assert.Equal("invalid_time_query_parameter", (string)refused["error"]!["code"]!);
    }

    private static JsonObject Setting(string url, params string[] events) => new()
    {
        ["description"] = "A test",
        ["type"] = "url",
        ["destination"] = url,
        ["subscribed_events"] = new JsonArray([.. events.Select(one => (JsonNode)one)]),
    };

    private async Task<string> Subscribed(string path, params string[] events) =>
        (string)(await sandbox.Post("/notification-settings", Setting(receiver.Url + path, events)))["data"]!["endpoint_secret_key"]!;

    private async Task<string> OnlyDestination() => (string)(await sandbox.Get("/notification-settings"))["data"]!.AsArray().Single()!["id"]!;

    private Task<JsonObject> Tell(string type, int number) => sandbox.Do(
        "POST", "/events", new JsonObject { ["event_type"] = type, ["data"] = new JsonObject { ["number"] = number } }, HttpStatusCode.Created);

    private async Task<JsonObject> Settled()
    {
        var page = await Eventually.Sees(_ => sandbox.Get("/notifications?status=delivered,failed"), page => page["data"]!.AsArray().Count == 1);
        return page["data"]![0]!.AsObject();
    }
}
