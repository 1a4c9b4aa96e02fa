using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>The list of events: of history and of what is written, in one order.</summary>
public sealed class Events_of_90_days : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync()
    {
        var days = Enumerable.Range(0, 40).Select(day => $"2026-0{7 + (day / 28)}-{1 + (day % 28):D2}T12:00:00Z");
        var sales = new MadeUpHistory([.. days.Select(at => (at, "transaction.completed"))]);
        var others = new MadeUpHistory(
            ("2026-07-01T12:00:00Z", "payout.created"), ("2026-08-01T11:59:59.9999Z", "adjustment.created"),
            ("2026-08-01T12:00:00.0001Z", "adjustment.updated"));
        sandbox = await Running.Around([sales, others], "--transactions", "0", "--now", "2026-08-20T00:00:00Z");
        for (var made = 0; made < 3; made++) await Make();
    }

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task They_are_the_same_from_both_ends()
    {
        var down = await sandbox.All("/events?per_page=7", Seen);
        var up = await sandbox.All("/events?per_page=4&order_by=id[ASC]", Seen);

        Assert.Equal(46, up.Count);
        Assert.Equal(up, down.AsEnumerable().Reverse());
        Assert.Equal(up.Select(one => one.Id).Order(StringComparer.Ordinal), up.Select(one => one.Id));
        Assert.Equal(up.Select(one => one.At).Order(StringComparer.Ordinal), up.Select(one => one.At));
        Assert.Equal(46, up.Select(one => one.Id).Distinct().Count());
        Assert.Equal(["product.created", "product.created", "product.created"], up.TakeLast(3).Select(one => one.Type));
    }

    [Fact]
    public async Task A_cursor_goes_on_where_it_was_after_more_has_happened()
    {
        var last = (await sandbox.All("/events?order_by=id[ASC]", Seen))[^1].Id;
        await Make();

        var page = await sandbox.Get($"/events?order_by=id[ASC]&after={last}");

        Assert.Equal("product.created", (string)page["data"]!.AsArray().Single()!["event_type"]!);
        Assert.False((bool)page["meta"]!["pagination"]!["has_more"]!);
    }

    [Fact]
    public async Task Only_the_types_that_are_asked_for_are_shown()
    {
        var page = await sandbox.Get("/events?event_type=adjustment.created,payout.created&order_by=id[ASC]");

        Assert.Equal(["payout.created", "adjustment.created"], page["data"]!.AsArray().Select(one => (string)one!["event_type"]!));
        Assert.Equal(2, (int)page["meta"]!["pagination"]!["estimated_total"]!);
        Assert.Equal(50, (int)page["meta"]!["pagination"]!["per_page"]!);
        Assert.Equal(200, (int)(await sandbox.Get("/events?per_page=1000"))["meta"]!["pagination"]!["per_page"]!);
    }

    [Fact]
    public async Task Those_older_than_90_days_are_gone()
    {
        await sandbox.Do("POST", "/clock", new JsonObject { ["now"] = "2026-10-10T12:00:00.000001Z", ["frozen"] = true });

        var first = (await sandbox.Get("/events?per_page=1&order_by=id[ASC]"))["data"]![0]!;

        Assert.Equal("2026-07-13T12:00:00.000000Z", (string)first["occurred_at"]!);
    }

    [Fact]
    public async Task An_event_has_the_same_id_whenever_it_was_first_asked_for()
    {
        var early = await sandbox.All("/events?event_type=adjustment.updated", Seen);
        await using var late = await Running.Around(
            [new MadeUpHistory(("2026-08-01T12:00:00Z", "x")), new MadeUpHistory(("2026-08-01T12:00:00.0001Z", "adjustment.updated"))],
            "--transactions", "0", "--now", "2026-10-29T00:00:00Z");

        var found = await late.All("/events?event_type=adjustment.updated", Seen);

        Assert.Equal(early.Single().Id, found.Single().Id);
    }

    [Fact]
    public async Task What_was_added_to_objects_later_is_not_in_events_from_before_unless_chosen_otherwise()
    {
        var history = new MadeUpHistory(("2025-09-21T00:00:00Z", "transaction.completed"), ("2025-09-22T00:00:00Z", "adjustment.created"));
        await using var old = await Running.Around([history], "--transactions", "0", "--now", "2025-10-01T00:00:00Z");

        var lacking = await old.All("/events?order_by=id[ASC]", one => Totals(one));
        await old.Do("POST", "/choices", new JsonObject { ["oldEventsLackNewFields"] = "no" });
        var whole = await old.All("/events?order_by=id[ASC]", one => Totals(one));

        Assert.Equal(["", "retained_fee"], lacking);
        Assert.Equal(["grand_total_tax retained_fee", "grand_total_tax retained_fee"], whole);
    }

    [Fact]
    public async Task Every_type_says_what_it_is()
    {
        var types = (await sandbox.Get("/event-types"))["data"]!.AsArray().Select(one => one!.AsObject()).ToDictionary(one => (string)one["name"]!);

        Assert.Equal(["name", "description", "group", "available_versions"], types["payment_method.saved"].Select(one => one.Key));
        Assert.Equal(("Transaction", 1), ((string)types["transaction.revised"]["group"]!, (int)types["transaction.revised"]["available_versions"]![0]!));
        Assert.Contains("api_key_exposure.created", types.Keys);
        Assert.Contains("subscription.trialing", types.Keys);
        Assert.Equal(56, types.Count);
    }

    private static (string Id, string Type, string At) Seen(JsonObject one) =>
        ((string)one["event_id"]!, (string)one["event_type"]!, (string)one["occurred_at"]!);

    private static string Totals(JsonObject one) => string.Join(' ', one["data"]!["totals"]!.AsObject().Select(field => field.Key));

    private Task<JsonObject> Make() => sandbox.Post("/products", new JsonObject { ["name"] = "One more", ["tax_category"] = "saas" });
}
