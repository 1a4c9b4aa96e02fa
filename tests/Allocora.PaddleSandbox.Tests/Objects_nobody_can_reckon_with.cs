using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>Objects that were put in as they are and hold what Paddle never shows: all that is worked out of them goes on.</summary>
public sealed class Objects_nobody_can_reckon_with : IAsyncLifetime
{
    private const string Most = "\"9223372036854775807\"", Least = "\"-9223372036854775808\"", At = "\"2026-10-05T10:00:00Z\"";
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With(
        "--transactions", "0", "--now", "2026-10-20T12:00:00Z", "--report-seconds", "0", "--choice", "payoutExtras=no", "--choice", "payoutMinimum=0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    // What is in the place of an amount, and of a rate.
    private static readonly string[] Amounts =
        [Most, Least, "\"99999999999999999999999999\"", "9223372036854775807", "1e400", "\"x\"", "\"\"", "null", "[]", "{}", "[\"1\"]", "true"];

    private static readonly string[] Rates =
        ["\"1\"", "\"99999999999999999999.9\"", "\"0.0000000000000000000001\"", "\"0\"", "\"000000000000000000000000\"", "7", "null", "[]",
            "\"-1\"", "\"NaN\""];

    [Fact]
    public async Task Every_report_every_payout_and_every_event_is_there()
    {
        await Put(Verbatim.Sale(900_000, "2026-10-05T10:00:00Z", 100_000).ToJsonString());
        var nasty = All().ToList();
        foreach (var one in nasty) await Put(one);
        await sandbox.Do("PATCH", $"/objects/{Verbatim.Id("txn", 1)}", new JsonObject());
        await sandbox.Do("POST", "/clock", new JsonObject { ["now"] = "2026-12-20T00:00:00Z" });

        var payouts = JsonNode.Parse(await sandbox.Control.GetStringAsync("/truth/payouts"))!.AsArray().Select(one => one!.AsObject()).ToList();
        var events = (await sandbox.Get("/events?per_page=200"))["data"]!.AsArray();

        Assert.True(nasty.Count > 250, $"{nasty.Count}");
        Assert.Contains(events, one => (string)one!["event_type"]! == "payout.paid");
        Assert.Contains(payouts, one => (string)one["currency_code"]! == "USD");
        foreach (var type in ReportType.Names.Where(type => type != "checkouts"))
        {
            var report = await sandbox.Report(type, [.. ReportType.Find(type)!.Standard.Select(JsonFilter.All)]);
            Assert.NotEmpty(report.Rows);
        }
        var movements = await sandbox.Report("payout_reconciliation", JsonFilter.All("balance_movement_date"));
        Assert.InRange(movements.Rows.Count, 200, nasty.Count + 1);
        foreach (var payout in payouts)
        {
            var own = await sandbox.Report("payout_reconciliation", JsonFilter.Of("remittance_reference", (string)payout["remittance_reference"]!));
            Assert.Equal((int)payout["rows"]!, own.Rows.Count);
            var sum = own.Rows.Aggregate(Int128.Zero, (sum, row) => sum + Table.Minor(row["balance_movement_in_balance_currency"], "USD"));
            Assert.Equal((string)payout["amount"]!, sum.ToString());
        }
    }

    [Theory]
    [InlineData("fee", Least, true)]
    [InlineData("exchange_rate", "\"99999999999999999999.9\"", true)]
    [InlineData("earnings", "{}", false)]
    public async Task What_cannot_be_reckoned_moves_nothing_and_is_a_row_all_the_same(string field, string value, bool isNothing)
    {
        await Put(Sale(1, field, value, "JPY", "0.0067123"));
        await Put(Verbatim.Sale(2, "2026-10-05T10:00:00Z", 100_000).ToJsonString());
        sandbox.Sandbox.Account.Clock.Set(Instants.Parse("2026-12-20")!.Value, freeze: false);

        var report = await sandbox.Report("payout_reconciliation", JsonFilter.All("balance_movement_date"));

        Assert.Equal([Verbatim.Id("txn", 1), Verbatim.Id("txn", 2)], report.Of("transaction_id"));
        var moved = report.Of("balance_movement_in_balance_currency").Select(cell => Table.Minor(cell, "USD")).ToList();
        Assert.Equal((isNothing, 94_950), (moved[0] == 0, moved[1]));
    }

    [Fact]
    public async Task Much_is_summed_up_beyond_what_one_amount_can_be()
    {
        for (var number = 1; number <= 3; number++)
        {
            var sale = Verbatim.Sale(number, "2026-10-05T10:00:00Z", 1_000);
            foreach (var totals in new[] { sale["details"]!["totals"]!, sale["details"]!["payout_totals"]! })
            {
                foreach (var field in new[] { "subtotal", "total", "grand_total", "earnings" }) totals[field] = "9000000000000000000";
                totals["fee"] = "0";
            }
            await Put(sale.ToJsonString());
        }
        sandbox.Sandbox.Account.Clock.Set(Instants.Parse("2026-12-20")!.Value, freeze: false);

        var payout = Assert.Single(JsonNode.Parse(await sandbox.Control.GetStringAsync("/truth/payouts"))!.AsArray())!;

        Assert.Equal("27000000000000000000", (string)payout["amount"]!);
    }

    private static IEnumerable<string> All()
    {
        var number = 0;
        string[] fields = ["subtotal", "discount", "tax", "total", "grand_total", "fee", "earnings", "currency_code"];
        foreach (var field in fields)
        {
            foreach (var value in Amounts)
            {
                yield return Sale(++number, field, value, "USD", null);
                yield return Sale(++number, field, value, "JPY", "0.0067123");
                yield return Adjustment(++number, field, value);
            }
        }
        foreach (var rate in Rates) yield return Sale(++number, "exchange_rate", rate, "GBP", "1.25");
        string[] parts =
            ["details", "items", "payments", "created_at", "updated_at", "customer_id", "address_id", "discount_id", "currency_code", "custom_data"];
        foreach (var part in parts)
        {
            foreach (var value in Amounts) yield return With(JsonNode.Parse(Sale(++number, "tax", "\"0\"", "USD", null))!, part, value);
        }
        foreach (var part in new[] { "action", "items", "transaction_id", "totals", "payout_totals", "reason", "status" })
        {
            foreach (var value in Amounts) yield return With(JsonNode.Parse(Adjustment(++number, "tax", "\"0\""))!, part, value);
        }
        (string, string)[] others =
            [("pro", "status"), ("pri", "product_id"), ("pri", "unit_price"), ("dsc", "amount"), ("dsc", "restrict_to"), ("ctm", "email")];
        foreach (var (prefix, field) in others)
        {
            foreach (var value in Amounts)
                yield return With(JsonNode.Parse($$"""{"id":"{{Verbatim.Id(prefix, ++number)}}","type":"flat","updated_at":{{At}}}""")!, field, value);
        }
        const string Old = "\"0001-01-01T00:00:00Z\"", Payout = """{"payout_totals":{"currency_code":"USD","earnings":"7"}}""";
        yield return $$"""
            {"id":"{{Verbatim.Id("txn", ++number)}}","status":"completed","updated_at":{{Old}},"billed_at":{{Old}},
             "created_at":"9999-12-31T23:59:59.999999Z","details":{{Payout}} }
            """;
        yield return $$"""{"id":"{{Verbatim.Id("txn", ++number)}}"}""";
        yield return """
            {"id":"adj_","status":"approved","action":"explode","transaction_id":"txn_","payout_totals":{"currency_code":"USD"},"created_at":"2026-10-05"}
            """;
    }

    private static string Sale(int number, string field, string value, string currency, string? rate)
    {
        var sale = Verbatim.Sale(number, "2026-10-05T10:00:00Z", 100_000, 18_000, 10_000, currency, rate);
        foreach (var totals in new[] { sale["details"]!["totals"]!, sale["details"]!["payout_totals"]! }) With(totals, field, value);
        return sale.ToJsonString();
    }

    private static string Adjustment(int number, string field, string value)
    {
        var sale = Verbatim.Sale(number % 3 == 0 ? 900_000 : number - 1, "2026-10-05T10:00:00Z", 100_000, currency: "GBP", rate: "1.25");
        var adjustment = Verbatim.Adjustment(number, sale, "chargeback", "2026-10-06T10:00:00Z", 5_000, 1_000, 50, retained: 10, chargebackFee: 1_500);
        foreach (var totals in new[] { adjustment["totals"]!, adjustment["payout_totals"]!, adjustment["payout_totals"]!["chargeback_fee"]! })
            With(totals, totals["amount"] is null ? field : "amount", value);
        return adjustment.ToJsonString();
    }

    private static string With(JsonNode of, string field, string value)
    {
        of[field] = JsonNode.Parse(value);
        return of.ToJsonString();
    }

    private async Task Put(string json)
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await sandbox.Control.PostAsync("/objects", body);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
    }
}
