using System.Net;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>A report from its order to its end, with every limit and refusal on the way.</summary>
public sealed class Making_a_report : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync()
    {
        sandbox = await Running.With("--transactions", "0", "--now", "2026-11-20T12:00:00Z");
        sandbox.Sandbox.Account.Clock.Set(Instants.Parse("2026-11-20T12:01:00Z")!.Value, freeze: true);
        sandbox.Sandbox.Account.Transactions.Put(Verbatim.Sale(1, "2026-11-19T10:00:00Z", 10_000));
    }

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task It_is_pending_then_ready_with_its_rows_and_two_weeks_later_expired()
    {
        var told = new List<string>();
        sandbox.Sandbox.Account.Told = (type, data, _) => told.Add($"{type} {data["status"]} {data["rows"]}");

        var made = (await sandbox.Post("/reports", Ordering.Body("transactions", JsonFilter.Of("status", "completed")))).Of("data");
        Assert.Equal(("pending", null, null), ((string)made["status"]!, made["rows"], made["expires_at"]));
        Assert.Equal("status", (string)made["filters"]![0]!["name"]!);
        Assert.Equal("2026-10-21T12:01:00.000000Z", (string)made["filters"]![1]!["value"]!);
        await Refused($"/reports/{made["id"]}/download-url", "report_not_ready");

        Pass(5 * Instants.Second);
        var ready = await Report(made);
        Assert.Equal(("ready", 1), ((string)ready["status"]!, (int)ready["rows"]!));
        Assert.Equal("2026-11-20T12:01:05.000000Z", (string)ready["updated_at"]!);
        Assert.Equal("2026-12-04T12:01:05.000000Z", (string)ready["expires_at"]!);
        Assert.Equal(["report.created pending ", "report.updated ready 1"], told);

        Pass(14 * Instants.Day);
        Assert.Equal("expired", (string)(await Report(made))["status"]!);
        await Refused($"/reports/{made["id"]}/download-url", "report_expired");
    }

    [Fact]
    public async Task The_list_has_the_pending_and_the_ready_unless_others_are_asked_for()
    {
        var old = await Ready("transactions");
        Pass(20 * Instants.Day);
        var ready = await Ready("checkouts");
        var pending = (await sandbox.Post("/reports", Ordering.Body("discounts"))).Of("data");

        var usual = await sandbox.Get("/reports");
        var expired = await sandbox.Get("/reports?status=expired");
        var paged = await sandbox.Get("/reports?per_page=1");

        Assert.Equal([(string)pending["id"]!, ready], usual["data"]!.AsArray().Select(one => (string)one!["id"]!));
        Assert.Equal((old, "expired"), ((string)expired["data"]![0]!["id"]!, (string)expired["data"]![0]!["status"]!));
        Assert.True((bool)paged["meta"]!["pagination"]!["has_more"]!);
    }

    [Fact]
    public async Task Its_link_works_without_a_key_for_three_minutes()
    {
        var id = await Ready("transactions");
        var url = (string)(await sandbox.Get($"/reports/{id}/download-url")).Of("data")["url"]!;
        using var anyone = new HttpClient();

        var file = await anyone.GetStringAsync(url);
        Assert.Contains(Verbatim.Id("txn", 1), file);
        Assert.Equal(HttpStatusCode.Forbidden, (await anyone.GetAsync(url.Replace("signature=", "signature=0"))).StatusCode);
        Pass((3 * Instants.Minute) - 1);
        Assert.Equal(file, await anyone.GetStringAsync(url));
        Pass(1);
        Assert.Equal(HttpStatusCode.Forbidden, (await anyone.GetAsync(url)).StatusCode);
    }

    [Fact]
    public async Task What_is_downloaded_is_what_was_counted_though_more_is_sold_since()
    {
        var id = await Ready("transactions");
        sandbox.Sandbox.Account.Transactions.Put(Verbatim.Sale(2, "2026-11-20T12:00:00Z", 500));
        sandbox.Sandbox.Account.Transactions.Put(Verbatim.Sale(1, "2026-11-19T10:00:00Z", 77_700));
        var url = (string)(await sandbox.Get($"/reports/{id}/download-url")).Of("data")["url"]!;
        using var anyone = new HttpClient();

        var table = Table.Read(await anyone.GetStringAsync(url));

        Assert.Equal(["100.00"], table.Of("subtotal"));
    }

    [Fact]
    public async Task What_is_chosen_afterwards_changes_nothing_in_one_that_is_ready()
    {
        await using var past = await Running.With("--transactions", "400", "--months", "4", "--seed", "3", "--report-seconds", "0", "--payout", "CZK");
        var account = past.Sandbox.Account;
        JsonFilter[] Filters(string type) => type == "payout_reconciliation" ? [JsonFilter.All("balance_movement_date")]
            : type is "checkouts" or "products_prices" ? [] : [JsonFilter.All("updated_at")];
        var reports = new Dictionary<string, (int Rows, string Id, string File)>();
        foreach (var type in PaddleSandbox.Reports.ReportType.Names.Where(type => type is not ("checkouts" or "products_prices")))
        {
            var file = System.Text.Encoding.UTF8.GetString(await past.ReportFile(type, Filters(type)));
            var made = (await past.Get("/reports?per_page=1"))["data"]![0]!;
            reports[type] = ((int)made["rows"]!, (string)made["id"]!, file);
        }

        foreach (var (name, was) in account.Choices.Current) account.Choices = account.Choices.With(name, Another(name, was));

        using var anyone = new HttpClient();
        foreach (var (type, made) in reports)
        {
            var url = (string)(await past.Get($"/reports/{made.Id}/download-url")).Of("data")["url"]!;
            var again = await anyone.GetStringAsync(url);
            Assert.True(made.File == again, $"{type} is another file");
            Assert.Equal(made.Rows, Table.Read(again).Rows.Count);
            Assert.NotEqual(made.File, System.Text.Encoding.UTF8.GetString(await past.ReportFile(type, Filters(type))));
        }
    }

    [Fact]
    public async Task Only_one_is_made_at_a_time()
    {
        await sandbox.Post("/reports", Ordering.Body("transactions"));

        var refused = await sandbox.Post("/reports", Ordering.Body("transactions"), HttpStatusCode.BadRequest);

        Assert.Equal("concurrent_report_generation_not_allowed", (string)refused.Of("error")["code"]!);
        Pass(15 * Instants.Second);
        await sandbox.Post("/reports", Ordering.Body("transactions"));
    }

    [Fact]
    public async Task After_a_hundred_in_24_hours_the_next_has_to_wait()
    {
        for (var made = 0; made < 100; made++)
        {
            await sandbox.Post("/reports", Ordering.Body("checkouts"));
            Pass(Instants.Minute);
        }

        using var body = new StringContent("""{"type":"checkouts"}""", System.Text.Encoding.UTF8, "application/json");
        using var refused = await sandbox.Http.PostAsync("/reports", body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal("report_creation_limit_exceeded", (string)JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["error"]!["code"]!);
        var wait = refused.Headers.RetryAfter!.Delta!.Value;
        Assert.Equal(TimeSpan.FromHours(24) - TimeSpan.FromMinutes(100), wait);
        Pass(((long)wait.TotalSeconds - 1) * Instants.Second);
        await sandbox.Post("/reports", Ordering.Body("checkouts"), HttpStatusCode.BadRequest);
        Pass(Instants.Second);
        await sandbox.Post("/reports", Ordering.Body("checkouts"));
    }

    [Fact]
    public async Task One_that_is_empty_or_failed_has_no_file()
    {
        var empty = await Ready("checkouts");
        sandbox.Sandbox.Account.Reports.Put(new JsonObject { ["id"] = Verbatim.Id("rep", 7), ["type"] = "balance", ["status"] = "failed" }, isVerbatim: true);

        await Refused($"/reports/{empty}/download-url", "report_empty");
        await Refused($"/reports/{Verbatim.Id("rep", 7)}/download-url", "report_failed");
        await sandbox.Get($"/reports/{Verbatim.Id("rep", 8)}", HttpStatusCode.NotFound);
        sandbox.Sandbox.Account.Choices = sandbox.Sandbox.Account.Choices.With("reportEmpty", "file");
        await sandbox.Get($"/reports/{empty}/download-url");
    }

    [Fact]
    public async Task A_file_that_was_given_is_served_as_it_is()
    {
        var report = new JsonObject { ["id"] = Verbatim.Id("rep", 7), ["type"] = "adjustments", ["rows"] = 1, ["status"] = "ready" };
        report["expires_at"] = "2024-01-01T00:00:00Z";
        sandbox.Sandbox.Account.Reports.Put(report, isVerbatim: true);
        sandbox.Sandbox.Account.ReportFiles.Give(Verbatim.Id("rep", 7), "just,this"u8.ToArray());

        var url = (string)(await sandbox.Get($"/reports/{Verbatim.Id("rep", 7)}/download-url")).Of("data")["url"]!;

        using var anyone = new HttpClient();
        Assert.Equal("just,this", await anyone.GetStringAsync(url));
    }

    [Theory]
    [InlineData("""{}""", "type")]
    [InlineData("""{"type":"sales"}""", "type")]
    [InlineData("""{"type":"transactions","colour":1}""", "colour")]
    [InlineData("""{"type":"transactions","filters":{}}""", "filters")]
    [InlineData("""{"type":"transactions","filters":[7]}""", "filters[0]")]
    [InlineData("""{"type":"transactions","filters":[{"name":"action","value":["refund"]}]}""", "filters[0].name")]
    [InlineData("""{"type":"adjustments","filters":[{"name":"action","value":"refund"}]}""", "filters[0].value")]
    [InlineData("""{"type":"adjustments","filters":[{"name":"action","value":["sale"]}]}""", "filters[0].value")]
    [InlineData("""{"type":"adjustments","filters":[{"name":"action","operator":"lt","value":["refund"]}]}""", "filters[0].operator")]
    [InlineData("""{"type":"balance","filters":[{"name":"updated_at","value":"2024-04-15"}]}""", "filters[0].operator")]
    [InlineData("""{"type":"balance","filters":[{"name":"updated_at","operator":"gt","value":"2024-04-15"}]}""", "filters[0].operator")]
    [InlineData("""{"type":"balance","filters":[{"name":"updated_at","operator":"lt","value":"yesterday"}]}""", "filters[0].value")]
    [InlineData("""{"type":"balance","filters":[{"name":"updated_at","operator":"lt","value":["2024-04-15","2024-04-16"]}]}""", "filters[0].value")]
    [InlineData("""{"type":"balance","filters":[{"name":"updated_at","operator":"lt","value":7}]}""", "filters[0].value")]
    [InlineData("""{"type":"balance","filters":[{"name":"updated_at","operator":"lt","value":"2024-04-15","x":1}]}""", "filters[0].x")]
    [InlineData("""{"type":"payout_reconciliation","filters":[{"name":"balance_movement_type","value":["vat_refund"]}]}""", "filters[0].value")]
    public async Task An_order_that_does_not_fit_is_refused_with_the_field(string body, string field)
    {
        var refused = await sandbox.Post("/reports", JsonNode.Parse(body)!, HttpStatusCode.BadRequest);

        Assert.Equal("bad_request", (string)refused.Of("error")["code"]!);
        Assert.Equal(field, (string)refused.Of("error")["errors"]![0]!["field"]!);
    }

    [Fact]
    public async Task More_than_ten_filters_or_two_that_exclude_each_other_are_refused()
    {
        var many = Ordering.Body("transactions", [.. Enumerable.Repeat(JsonFilter.All("updated_at"), 11)]);
        var both = Ordering.Body("payout_reconciliation", JsonFilter.Of("remittance_reference", "x"), JsonFilter.All("balance_movement_date"));
        var dates = Ordering.Body("payout_reconciliation", JsonFilter.All("transaction_updated_at"), JsonFilter.All("balance_movement_date"));
        var range = Ordering.Body("payout_reconciliation", JsonFilter.All("balance_movement_date"), new("balance_movement_date", "lt", "2026-11-11"),
            JsonFilter.Of("balance_movement_type", "sale"));

        foreach (var wrong in new[] { many, both, dates })
        {
            var refused = await sandbox.Post("/reports", wrong, HttpStatusCode.BadRequest);
            Assert.Equal("filters", (string)refused.Of("error")["errors"]![0]!["field"]!);
        }
        await sandbox.Post("/reports", range);
    }

    private static string Another(string name, string was)
    {
        var property = typeof(Choices).GetProperties().Single(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase));
        return property.GetCustomAttributes(false).OfType<OneOfAttribute>().Single().Values.Last(value => value != was);
    }

    private void Pass(long time) => sandbox.Sandbox.Account.Clock.Set(sandbox.Sandbox.Account.Clock.Now + time, freeze: true);

    private async Task<JsonObject> Report(JsonObject made) => (await sandbox.Get($"/reports/{made["id"]}")).Of("data");

    private async Task<string> Ready(string type)
    {
        var made = (await sandbox.Post("/reports", Ordering.Body(type))).Of("data");
        Pass(15 * Instants.Second);
        Assert.Equal("ready", (string)(await Report(made))["status"]!);
        return (string)made["id"]!;
    }

    private async Task Refused(string path, string code) =>
        Assert.Equal(code, (string)(await sandbox.Get(path, HttpStatusCode.BadRequest)).Of("error")["code"]!);
}
