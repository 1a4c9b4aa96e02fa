using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>Each way in which the sandbox can be made to go wrong, as a caller sees it.</summary>
public sealed class Faults_that_were_asked_for : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync()
    {
        sandbox = await Running.With("--transactions", "0");
        var prices = new JsonArray();
        for (var number = 0; number < 9; number++) prices.Add((JsonNode)Price(number));
        await sandbox.Do("POST", "/objects", prices, HttpStatusCode.Created);
    }

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task A_storm_of_429_comes_after_as_many_calls_and_as_often_as_was_said()
    {
        await Fault("""{"match":"GET /prices","kind":"status","status":429,"retryAfter":17,"after":1,"times":2}""");

        var statuses = new List<int>();
        for (var call = 0; call < 4; call++)
        {
            using var response = await sandbox.Http.GetAsync(Prices);
            statuses.Add((int)response.StatusCode);
            if (call == 1) Assert.Equal("17", response.Headers.GetValues("Retry-After").Single());
        }
        await sandbox.Get("/products");

        Assert.Equal([200, 429, 429, 200], statuses);
        var rule = (await Rules()).Single()!;
        Assert.Equal((4, 2), ((int)rule["seen"]!, (int)rule["hits"]!));
        Assert.Equal(3, (int)(await sandbox.Do("GET", "/counters"))["insideRetryAfter"]!);
    }

    [Theory]
    [InlineData(500, "internal_error", "api_error")]
    [InlineData(503, "service_unavailable", "api_error")]
    [InlineData(403, "forbidden", "request_error")]
    public async Task A_status_has_Paddles_envelope(int status, string code, string type)
    {
        await Fault($$"""{"match":"*","kind":"status","status":{{status}}}""");

        var error = (await sandbox.Send(HttpMethod.Get, Prices, null, (HttpStatusCode)status)).Of("error");

        Assert.Equal((code, type), ((string)error["code"]!, (string)error["type"]!));
    }

    [Fact]
    public async Task A_rule_that_always_counts_does_until_it_is_taken_back()
    {
        await Fault("""{"match":"GET /prices/pri_","kind":"status","times":0}""");

        for (var call = 0; call < 3; call++) await sandbox.Send(HttpMethod.Get, $"/prices/{Id(0)}", null, HttpStatusCode.InternalServerError);
        await sandbox.Get(Prices);
        await sandbox.Do("DELETE", "/faults");

        Assert.Equal(Id(0), (string)(await sandbox.Get($"/prices/{Id(0)}"))["data"]!["id"]!);
    }

    [Theory]
    [InlineData("before", 300)]
    [InlineData("bytes", 40)]
    public async Task An_answer_is_slow_and_whole(string where, int milliseconds)
    {
        await Fault($$"""{"match":"*","kind":"slow","milliseconds":{{milliseconds}},"where":"{{where}}"}""");
        var watch = Stopwatch.StartNew();

        var page = await sandbox.Get(Prices);

        Assert.Equal(9, page["data"]!.AsArray().Count);
        Assert.True(watch.ElapsedMilliseconds >= 290, $"{watch.ElapsedMilliseconds}");
    }

    [Fact]
    public async Task A_connection_is_dropped_without_an_answer()
    {
        await Fault("""{"match":"*","kind":"drop"}""");

        await Assert.ThrowsAsync<HttpRequestException>(() => sandbox.Http.GetAsync(Prices));

        await sandbox.Get(Prices);
        Assert.Equal(1, (int)(await sandbox.Do("GET", "/counters"))["statuses"]!["dropped"]!);
    }

    [Fact]
    public async Task A_body_ends_before_its_length()
    {
        await Fault("""{"match":"*","kind":"truncate"}""");

        using var response = await sandbox.Http.GetAsync(Prices, HttpCompletionOption.ResponseHeadersRead);

        Assert.Equal(200, (int)response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 1_000);
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_body_is_whatever_was_given()
    {
        await Fault("""{"match":"*","kind":"body","body":"<html>{\"data\":","contentType":"text/html","status":202}""");

        using var response = await sandbox.Http.GetAsync(Prices);

        Assert.Equal((202, "text/html", "<html>{\"data\":"),
            ((int)response.StatusCode, response.Content.Headers.ContentType!.ToString(), await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task The_next_page_is_somewhere_else()
    {
        await Fault("""{"match":"GET /prices","kind":"next","next":"http://169.254.169.254/"}""");

        Assert.Equal("http://169.254.169.254/", (string)(await sandbox.Get(Prices + "&per_page=2"))["meta"]!["pagination"]!["next"]!);
    }

    [Fact]
    public async Task A_row_is_there_twice()
    {
        await Fault("""{"match":"GET /prices","kind":"duplicate"}""");

        var numbers = await Numbers(Prices + "&per_page=3&order_by=id[ASC]");

        Assert.Equal([0, 0, 1, 2], numbers);
    }

    [Theory]
    [InlineData("skip", new[] { 0, 1, 2, 4, 5, 6, 7, 8 })]
    [InlineData("repeat", new[] { 0, 1, 2, 2, 3, 4, 5, 6, 7, 8 })]
    public async Task Rows_move_between_pages(string way, int[] seen)
    {
        await Fault($$"""{"match":"GET /prices","kind":"shift","way":"{{way}}","after":1}""");

        Assert.Equal(seen, await sandbox.All(Prices + "&per_page=3&order_by=id[ASC]", Number));
    }

    [Fact]
    public async Task Currencies_are_in_lower_case()
    {
        await Fault("""{"match":"GET /prices","kind":"currency-case"}""");

        Assert.All((await sandbox.Get(Prices))["data"]!.AsArray(), one => Assert.Equal("eur", (string)one!["unit_price"]!["currency_code"]!));
    }

    [Fact]
    public async Task A_word_of_a_list_of_words_is_unheard_of()
    {
        await Fault("""[{"match":"GET /prices","kind":"enum"},{"match":"GET /prices","kind":"enum","field":"tax_mode","value":"sometimes"}]""");

        var one = (await sandbox.Get($"/prices/{Id(3)}"))["data"]!;

        Assert.Equal(("unheard_of", "sometimes"), ((string)one["status"]!, (string)one["tax_mode"]!));
    }

    [Fact]
    public async Task Fields_are_missing_wherever_they_are()
    {
        await Fault("""{"match":"GET /prices","kind":"missing","times":1}""");
        await Fault("""{"match":"GET /prices","kind":"missing","fields":["amount"],"after":1}""");

        var young = (await sandbox.Get($"/prices/{Id(0)}"))["data"]!;
        var named = (await sandbox.Get($"/prices/{Id(0)}"))["data"]!;

        Assert.Equal((null, "100"), (young["odd"]!["fee_rate"], (string)young["unit_price"]!["amount"]!));
        Assert.Equal((null, "0.05"), (named["unit_price"]!["amount"], (string)named["odd"]!["fee_rate"]!));
    }

    [Fact]
    public async Task The_next_row_is_edited_while_pages_are_read()
    {
        await Fault("""{"match":"GET /prices","kind":"edit","after":1}""");

        var seen = await sandbox.All(Prices + "&per_page=3&order_by=id[ASC]", one => (Number(one), (string)one["updated_at"]! != Before));

        Assert.Equal([3], seen.Where(one => one.Item2).Select(one => one.Item1));
        Assert.Equal(9, seen.Count);
        var told = (await sandbox.Get("/events?event_type=price.updated"))["data"]!.AsArray().Single()!;
        Assert.Equal(("price.updated", Id(3)), ((string)told["event_type"]!, (string)told["data"]!["id"]!));
    }

    [Fact]
    public async Task A_named_row_is_edited_while_pages_are_read()
    {
        await Fault($$"""{"match":"GET /prices","kind":"edit","id":"{{Id(8)}}"}""");

        var seen = await sandbox.All(Prices + "&per_page=3&order_by=id[ASC]", one => (string)one["updated_at"]! != Before);

        Assert.Equal([.. Enumerable.Repeat(false, 8), true], seen);
    }

    [Fact]
    public async Task A_row_appears_while_pages_are_read()
    {
        await Fault("""{"match":"GET /prices","kind":"insert","after":1}""");

        var up = await sandbox.All(Prices + "&per_page=3&order_by=id[ASC]", one => (string)one["id"]!);

        Assert.Equal(10, up.Distinct().Count());
        Assert.Equal(9, up.IndexOf(up.Except(Enumerable.Range(0, 9).Select(Id)).Single()));
        Assert.Equal("400", (string)(await sandbox.Get($"/prices/{up[9]}"))["data"]!["unit_price"]!["amount"]!);
    }

    [Theory]
    [InlineData("edit", "pri_00000000000000000000000099", Prices)]
    [InlineData("insert", "cow", Prices)]
    [InlineData("insert", null, "/event-types")]
    [InlineData("edit", null, "/notification-settings")]
    [InlineData("insert", null, "/notification-settings")]
    [InlineData("edit", null, "/transactions")]
    public async Task What_is_not_there_is_neither_edited_nor_inserted(string kind, string? id, string path)
    {
        await sandbox.Post("/notification-settings", new JsonObject
        {
            ["description"] = "Here",
            ["type"] = "email",
            ["destination"] = "me@example.com",
            ["subscribed_events"] = new JsonArray("payout.paid"),
        });
        var before = await sandbox.Get(path);
        var rule = new JsonObject { ["match"] = "GET /", ["kind"] = kind };
        if (id is not null) rule["id"] = id;
        await Fault(rule.ToJsonString());

        var page = await sandbox.Get(path);

        Assert.Equal(before["data"]!.ToJsonString(), page["data"]!.ToJsonString());
        Assert.Equal(1, (int)(await Rules()).Single()!["hits"]!);
    }

    [Theory]
    [InlineData(204)]
    [InlineData(205)]
    [InlineData(304)]
    [InlineData(599)]
    public async Task A_body_can_be_nothing(int status)
    {
        await Fault($$"""{"match":"*","kind":"body","body":"","status":{{status}}}""");

        using var response = await sandbox.Http.GetAsync(Prices);

        Assert.Equal((status, ""), ((int)response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("""{"kind":"drop"}""", "match")]
    [InlineData("""{"match":"*","kind":"explode"}""", "kind")]
    [InlineData("""{"match":"*","kind":"drop","milliseconds":1}""", "milliseconds")]
    [InlineData("""{"match":"*","kind":"status","status":200}""", "status")]
    [InlineData("""{"match":"*","kind":"next"}""", "next")]
    [InlineData("""{"match":"*","kind":"status","detail":["x"]}""", "detail")]
    [InlineData("""{"match":"*","kind":"body","status":199}""", "status")]
    [InlineData("""{"match":"*","kind":"body","status":600}""", "status")]
    [InlineData("""{"match":"*","kind":"body","status":204,"body":"x"}""", "status")]
    [InlineData("""{"match":"*","kind":"body","status":304,"body":"x"}""", "status")]
    [InlineData("""{"match":"*","kind":"body","contentType":"text/zoë"}""", "contentType")]
    [InlineData("""{"match":"*","kind":"body","contentType":"text/html\r\nX: y"}""", "contentType")]
    [InlineData("""{"match":"*","kind":"body","body":7}""", "body")]
    [InlineData("""{"match":"*","kind":"missing","fields":["a",{}]}""", "fields")]
    [InlineData("""[{"match":"*","kind":"drop"},7]""", "object")]
    public async Task A_rule_that_means_nothing_is_refused_and_none_is_taken(string rule, string named)
    {
        var refused = await sandbox.Do("POST", "/faults", JsonNode.Parse(rule), HttpStatusCode.BadRequest);

        Assert.Contains(named, (string)refused["error"]!["detail"]!);
        Assert.Empty(await Rules());
    }

    [Theory]
    [InlineData("code")]
    [InlineData("detail")]
    public async Task Half_of_a_character_is_no_text(string field)
    {
        using var rule = new StringContent($$"""{"match":"*","kind":"status","{{field}}":"\ud800"}""");
        using var refused = await sandbox.Control.PostAsync("/faults", rule);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(field, await refused.Content.ReadAsStringAsync());
        Assert.Empty(await Rules());
    }

    // History has prices too.
    private const string Ours = "pro_00000000000000000000000000", Prices = $"/prices?product_id={Ours}";

    private const string Before = "2026-01-01T00:00:00Z";

    private static string Id(int number) => $"pri_{number:D26}";

    private static int Number(JsonObject price) => int.Parse(((string)price["id"]!)["pri_".Length..]);

    private static JsonObject Price(int number) => new()
    {
        ["id"] = Id(number),
        ["product_id"] = Ours,
        ["status"] = "active",
        ["tax_mode"] = "internal",
        ["unit_price"] = new JsonObject { ["amount"] = $"{(number + 1) * 100}", ["currency_code"] = "EUR" },
        ["odd"] = new JsonObject { ["fee_rate"] = "0.05" },
        ["created_at"] = Before,
        ["updated_at"] = Before,
    };

    private async Task<int[]> Numbers(string path) => [.. (await sandbox.Get(path))["data"]!.AsArray().Select(one => Number(one!.AsObject()))];

    private Task<JsonObject> Fault(string rules) => sandbox.Do("POST", "/faults", JsonNode.Parse(rules), HttpStatusCode.Created);

    private async Task<JsonArray> Rules() => (await sandbox.Do("GET", "/faults"))["faults"]!.AsArray();
}
