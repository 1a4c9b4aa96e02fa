using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>The payouts of a generated history, each asked for by its reference as a seller would.</summary>
public sealed class Reconciling_the_past
{
    [Theory]
    [InlineData("USD", "major")]
    [InlineData("EUR", "minor")]
    public async Task Each_payouts_report_comes_to_its_amount_to_the_cent(string currency, string units)
    {
        await using var sandbox = await Running.With(
            "--transactions", "1500", "--months", "6", "--payout", currency, "--report-seconds", "0", "--choice", $"reportUnits={units}");
        var payouts = (await Truth(sandbox)).ToList();
        Assert.Equal(6, payouts.Count);

        var rows = 0;
        foreach (var payout in payouts)
        {
            var report = await sandbox.Report("payout_reconciliation", JsonFilter.Of("remittance_reference", (string)payout!["remittance_reference"]!));
            var sum = report.Rows.Sum(row => Minor(row["balance_movement_in_balance_currency"], units));
            Assert.Equal((string)payout["amount"]!, sum.ToString(CultureInfo.InvariantCulture));
            foreach (var row in report.Rows)
            {
                long Of(string field) => Minor(row[field + "_in_balance_currency"], units);
                Assert.Equal(
                    Of("balance_movement"),
                    Of("total_gross") - Of("tax") - Of("paddle_fee") - Of("retained_fee") - Of("fx_fee") - Of("fx_fee_precision_adjustment")
                        - Of("chargeback_fee") + Of("payout_rebates_and_fees"));
                Assert.Equal(Of("subtotal"), Of("total_gross") - Of("tax") + Of("discount"));
            }
            rows += report.Rows.Count;
        }
        Assert.True(rows > 900, $"{rows} rows are too few to be six months");
    }

    [Fact]
    public async Task A_report_that_cannot_be_made_has_failed_and_lets_the_next_one_be_ordered()
    {
        await using var sandbox = await Running.With("--report-seconds", "0");
        var odd = new JsonObject
        {
            ["id"] = "txn_00000000000000000000000001",
            ["status"] = "completed",
            ["updated_at"] = "2026-10-20T00:00:00Z",
            ["created_at"] = "2026-10-20T00:00:00Z",
            ["details"] = new JsonObject
            {
                ["line_items"] = 7,
                ["totals"] = new JsonArray(),
                ["payout_totals"] = new JsonObject { ["total"] = new JsonArray() },
            },
        };
        await sandbox.Send(HttpMethod.Post, "/objects", odd, HttpStatusCode.Created, sandbox.Control);

        foreach (var type in new[] { "transaction_line_items", "transactions", "payout_reconciliation", "balance" })
        {
            var report = await sandbox.Post("/reports", new JsonObject { ["type"] = type });
            var now = await Testing.Eventually.Sees(
                _ => sandbox.Get($"/reports/{report["data"]!["id"]}"), seen => (string)seen["data"]!["status"]! != "pending");
            Assert.Contains((string)now["data"]!["status"]!, new[] { "ready", "failed" });
        }
    }

    private static async Task<JsonArray> Truth(Running sandbox) => JsonNode.Parse(await sandbox.Control.GetStringAsync("/truth/payouts"))!.AsArray();

    private static long Minor(string cell, string units)
    {
        if (cell.Length == 0) return 0;
        if (units == "minor") return long.Parse(cell, CultureInfo.InvariantCulture);
        var parts = cell.Split('.');
        Assert.Equal(2, parts[1].Length);
        return long.Parse(parts[0] + parts[1], CultureInfo.InvariantCulture);
    }
}
