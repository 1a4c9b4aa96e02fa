using System.Net;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>Histories put in as they are, found again as they are, and summed up beside the API.</summary>
public sealed class Objects_as_they_are : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With("--transactions", "0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task What_is_put_in_comes_out_letter_for_letter()
    {
        const string Odd = """
            {"id":"pro_00000000000000000000000001","status":"zombie","name":"Zoë <&> \"x\" \u20ac\uD83D\uDCB6","n":1.50e+3,"big":123456789012345678901234567890,
             "deep":{"a":[null,true,{}]},"":"","created_at":"soon","updated_at":"0001-01-01T00:00:00Z"}
            """;
        await Put(Odd);

        var served = await sandbox.Http.GetStringAsync("/products/pro_00000000000000000000000001");
        var single = await sandbox.Control.GetStringAsync("/objects/pro_00000000000000000000000001");

        var raw = served["{\"data\":".Length..served.LastIndexOf(",\"meta\"", StringComparison.Ordinal)];
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Odd), JsonNode.Parse(single)));
        Assert.Contains("\"n\":1.50e+3,\"big\":123456789012345678901234567890,", raw);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Odd), JsonNode.Parse(raw)));
    }

    [Fact]
    public async Task They_are_taken_one_in_an_array_or_one_a_line()
    {
        await Put("""  [{"id":"ctm_1"},{"id":"rep_1"}]""");
        await Put("{\"id\":\"adj_1\"}\n{\"id\":\"txn_1\"}\r\n\n{\"id\":\"biz_1\"}");
        await Put("""{"id":"dsc_1"}""");

        foreach (var id in new[] { "ctm_1", "rep_1", "adj_1", "txn_1", "biz_1", "dsc_1" })
        {
            Assert.Equal(id, (string)(await sandbox.Do("GET", $"/objects/{id}"))["id"]!);
        }
        await sandbox.Do("GET", "/objects/add_1", expected: HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{"name":"x"}""", "bad_object")]
    [InlineData("""{"id":"cow_1"}""", "bad_object")]
    [InlineData("""{"id":""", "invalid_json")]
    [InlineData("   ", "invalid_json")]
    public async Task What_is_no_object_of_Paddles_is_refused(string body, string code)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await sandbox.Control.PostAsync("/objects", content);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;

        Assert.Equal((400, code), ((int)response.StatusCode, (string)error["code"]!));
    }

    [Fact]
    public async Task A_change_is_merged_in_moves_its_time_and_is_told()
    {
        await Put(Transaction(1, "paid", "EUR", 100).ToJsonString());

        var patch = JsonNode.Parse("""{"status":"completed","details":{"totals":{"fee":"7","tax":null}}}""");
        var changed = await sandbox.Do("PATCH", $"/objects/txn_{1:D26}", patch);
        var dated = await sandbox.Do("PATCH", $"/objects/txn_{1:D26}", JsonNode.Parse("""{"updated_at":"2020-01-01T00:00:00Z"}"""));

        Assert.Equal("""{"total":"100","fee":"7","earnings":"80"}""", changed["details"]!["totals"]!.ToJsonString());
        Assert.StartsWith("2026-11-01T00:00:0", (string)changed["updated_at"]!);
        Assert.Equal("2020-01-01T00:00:00Z", (string)dated["updated_at"]!);
        var events = (await sandbox.Get("/events?event_type=transaction.updated&order_by=id[ASC]"))["data"]!.AsArray();
        Assert.Equal([(string)changed["updated_at"]!, "2020-01-01T00:00:00Z"], events.Select(one => (string)one!["data"]!["updated_at"]!));
    }

    [Fact]
    public async Task A_hundred_thousand_are_taken_in_one_call_and_all_of_them_are_true()
    {
        string[] statuses = ["completed", "draft", "paid", "odd"], currencies = ["USD", "JPY", "EUR"];
        var lines = new StringBuilder();
        for (var number = 0; number < 100_000; number++)
        {
            lines.Append(Transaction(number, statuses[number % 4], currencies[number % 3], 4_000_000_000_000_000_000 - number).ToJsonString()).Append('\n');
        }

        await Put(lines.ToString());

        var truth = await sandbox.Do("GET", "/truth");
        var expected = Enumerable.Range(0, 100_000).GroupBy(number => (statuses[number % 4], currencies[number % 3])).ToDictionary(
            group => group.Key, group => (group.Count(), group.Aggregate(BigInteger.Zero, (sum, number) => sum + 4_000_000_000_000_000_000 - number)));
        var found = truth["transactions"]!.AsArray().ToDictionary(
            one => ((string)one!["status"]!, (string)one["currency_code"]!), one => ((int)one!["count"]!, BigInteger.Parse((string)one["total"]!)));
        Assert.Equal(12, found.Count);
        Assert.Equal(expected.OrderBy(one => one.Key), found.OrderBy(one => one.Key));
        Assert.Equal(50_000, truth["revenue"]!["transactions"]!.AsArray().Sum(one => (int)one!["count"]!));
        using var stream = new StreamReader(await sandbox.Control.GetStreamAsync("/truth/transactions?status=odd,draft"));
        var (count, last) = (0, "");
        while (await stream.ReadLineAsync() is { } line) (count, last) = (count + 1, line);
        Assert.Equal((50_000, $"txn_{99_999:D26}"), (count, (string)JsonNode.Parse(last)!["id"]!));
    }

    [Fact]
    public async Task The_truth_of_transactions_and_adjustments_sums_each_kind_in_both_currencies()
    {
        await Put(string.Join('\n', Transaction(1, "completed", "EUR", 1_000, payout: 1_200), Transaction(2, "completed", "EUR", 500, payout: 600),
            Transaction(3, "completed", "EUR", 70, payout: 90, payoutCurrency: "GBP"), Transaction(4, "paid", "EUR", 7), Transaction(5, "draft", "JPY", 9_999),
            Adjustment(1, "credit", "reversed", 326), Adjustment(2, "credit_reverse", "approved", -326), Adjustment(3, "refund", "approved", 50),
            Adjustment(4, "refund", "rejected", 999)));

        var truth = await sandbox.Do("GET", "/truth");

        var expected = JsonNode.Parse("""
            {"transactions":[{"currency_code":"EUR","count":4,"total":"1577","tax":"40","fee":"40","earnings":"1497",
                "payout":[{"currency_code":"GBP","total":"90","earnings":"80"},{"currency_code":"USD","total":"1800","earnings":"1780"}]}],
             "adjustments":[{"currency_code":"EUR","count":3,"total":"50","tax":"0","fee":"0","earnings":"0","payout":[]}]}
            """)!;
        Assert.Equal(expected.ToJsonString(), truth["revenue"]!.ToJsonString());
        Assert.Equal(
            ["EUR completed 3 1570", "JPY draft 1 9999", "EUR paid 1 7"],
            truth["transactions"]!.AsArray().Select(one => $"{one!["currency_code"]} {one["status"]} {one["count"]} {one["total"]}"));
        Assert.Equal(
            ["credit reversed 326", "credit_reverse approved -326", "refund approved 50", "refund rejected 999"],
            truth["adjustments"]!.AsArray().Select(one => $"{one!["action"]} {one["status"]} {one["total"]}"));
    }

    [Fact]
    public async Task Each_true_row_says_what_has_to_be_found_of_it()
    {
        await Put(string.Join('\n', Transaction(1, "completed", "EUR", 1_000, payout: 1_200), Adjustment(7, "refund", "approved", 50)));

        var transaction = (await sandbox.Control.GetStringAsync("/truth/transactions?from=2026-10-01T00:00:00Z&to=2026-10-01T00:00:01Z")).TrimEnd();
        var adjustment = (await sandbox.Control.GetStringAsync("/truth/adjustments?status=approved")).TrimEnd();

        var expected = JsonNode.Parse($$"""
            {"id":"txn_{{1:D26}}","status":"completed","currency_code":"EUR","total":"1000","tax":"10","fee":"10","earnings":"980",
             "payout_currency":"USD","payout_total":"1200","payout_earnings":"1190","updated_at":"2026-10-01T00:00:00Z"}
            """)!;
        Assert.Equal(expected.ToJsonString(), transaction);
        Assert.EndsWith($$""","updated_at":"2026-10-01T00:00:00Z","transaction_id":"txn_{{1:D26}}","action":"refund"}""", adjustment);
        Assert.Equal("", await sandbox.Control.GetStringAsync("/truth/transactions?to=2026-10-01T00:00:00Z"));
    }

    private static JsonObject Transaction(int number, string status, string currency, long total, long? payout = null, string payoutCurrency = "USD") => new()
    {
        ["id"] = $"txn_{number:D26}",
        ["status"] = status,
        ["currency_code"] = currency,
        ["details"] = new JsonObject
        {
            ["totals"] = new JsonObject { ["total"] = $"{total}", ["tax"] = "10", ["fee"] = status == "draft" ? null : "10", ["earnings"] = $"{total - 20}" },
            ["payout_totals"] = payout is null ? null
                : new JsonObject { ["total"] = $"{payout}", ["earnings"] = $"{payout - 10}", ["currency_code"] = payoutCurrency },
        },
        ["updated_at"] = "2026-10-01T00:00:00Z",
    };

    private static JsonObject Adjustment(int number, string action, string status, long total) => new()
    {
        ["id"] = $"adj_{number:D26}",
        ["action"] = action,
        ["status"] = status,
        ["transaction_id"] = $"txn_{1:D26}",
        ["currency_code"] = "EUR",
        ["totals"] = new JsonObject { ["total"] = $"{total}" },
        ["updated_at"] = "2026-10-01T00:00:00Z",
    };

    private async Task Put(string objects)
    {
        using var body = new StringContent(objects, Encoding.UTF8, "application/json");
        using var response = await sandbox.Control.PostAsync("/objects", body);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
    }
}
