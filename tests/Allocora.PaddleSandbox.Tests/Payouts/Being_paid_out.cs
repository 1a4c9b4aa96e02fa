using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>When and how much the seller is paid, and that what was paid stays as it was.</summary>
public sealed class Being_paid_out : IAsyncLifetime
{
    private static readonly JsonFilter Ever = JsonFilter.All("balance_movement_date");
    private Running sandbox = null!;

    private Account Account => sandbox.Sandbox.Account;

    public async Task InitializeAsync() => sandbox = await Running.With(
        "--transactions", "0", "--now", "2026-11-20T12:00:00Z", "--report-seconds", "0", "--choice", "payoutExtras=no");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task A_sale_and_its_refund_of_another_month_are_in_two_payouts()
    {
        var sale = Sell(1, "2026-09-10T10:00:00Z", 100_000);
        Sell(2, "2026-10-10T10:00:00Z", 100_000);
        Account.Adjustments.Put(Verbatim.Adjustment(1, sale, "refund", "2026-10-02T10:00:00Z", 1_000, 0, 50));

        var payouts = await Payouts();

        Assert.Equal([("94950", "paid", "2026-09"), ("94000", "paid", "2026-10")],
            payouts.Select(one => ((string)one["amount"]!, (string)one["status"]!, (string)one["last_month"]!)));
        var (first, second) = (await Rows(payouts[0]), await Rows(payouts[1]));
        Assert.Equal([("sale", Verbatim.Id("txn", 1))], first.Rows.Select(row => (row["balance_movement_type"], row["transaction_id"])));
        Assert.Equal([("refund", Verbatim.Id("txn", 1)), ("sale", Verbatim.Id("txn", 2))],
            second.Rows.Select(row => (row["balance_movement_type"], row["transaction_id"])));
        Assert.Equal(["-9.50", "949.50"], second.Of("balance_movement_in_balance_currency"));
    }

    [Fact]
    public async Task Below_the_minimum_a_month_is_carried_into_a_later_payout()
    {
        Sell(1, "2026-08-10T10:00:00Z", 5_000);
        Sell(2, "2026-09-10T10:00:00Z", 5_000);
        Sell(3, "2026-10-10T10:00:00Z", 5_000);

        var payout = Assert.Single(await Payouts());

        Assert.Equal(("14100", "2026-08", "2026-10"), ((string)payout["amount"]!, (string)payout["first_month"]!, (string)payout["last_month"]!));
        Assert.Equal([Verbatim.Id("txn", 1), Verbatim.Id("txn", 2), Verbatim.Id("txn", 3)], (await Rows(payout)).Of("transaction_id"));
        Account.Choices = Account.Choices.With("payoutMinimum", "0");
        Assert.Equal(["4700", "4700", "4700"], (await Payouts()).Select(one => (string)one["amount"]!));
        Account.Choices = Account.Choices.With("payoutMinimum", "1000");
        Assert.Empty(await Payouts());
    }

    [Fact]
    public async Task What_is_owed_is_carried_too()
    {
        var sale = Sell(1, "2026-08-10T10:00:00Z", 100_000);
        Account.Adjustments.Put(Verbatim.Adjustment(1, sale, "refund", "2026-09-10T10:00:00Z", 80_000, 0, 0));
        Sell(2, "2026-10-10T10:00:00Z", 70_000);
        Sell(3, "2026-11-10T10:00:00Z", 60_000);
        Account.Clock.Set(Instants.Parse("2026-12-02")!.Value, freeze: false);

        Assert.Equal(["94950", "43400"], (await Payouts()).Select(one => (string)one["amount"]!));
    }

    [Fact]
    public async Task What_is_written_late_goes_with_the_month_that_is_open_then()
    {
        var sale = Sell(1, "2026-09-10T10:00:00Z", 100_000);
        var before = await Payouts();

        Sell(2, "2026-09-11T10:00:00Z", 50_000);
        Account.Transactions.Put(Verbatim.Sale(1, "2026-09-10T10:00:00Z", 700_000));
        Account.Adjustments.Put(Verbatim.Adjustment(1, sale, "refund", "2026-09-12T10:00:00Z", 2_000, 0, 0));
        var after = await Payouts();
        var open = await sandbox.Report("payout_reconciliation", Ever);
        Account.Clock.Set(Instants.Parse("2026-12-01")!.Value, freeze: false);
        var later = await Payouts();

        Assert.Equal("94950", (string)Assert.Single(before)["amount"]!);
        Assert.Equal(before.Single().ToJsonString(), Assert.Single(after).ToJsonString());
        Assert.Equal([("", "-20.00"), ("", "474.50"), ((string)before[0]["remittance_reference"]!, "949.50")], open.Rows
            .Select(row => (row["remittance_reference"], row["balance_movement_in_balance_currency"])).OrderBy(row => row.Item1).ThenBy(row => row.Item2));
        Assert.Equal(["94950", "45450"], later.Select(one => (string)one["amount"]!));
        Assert.Equal("2026-11", (string)later[1]["last_month"]!);
        Assert.Equal([Verbatim.Id("txn", 1), Verbatim.Id("txn", 2)], (await Rows(later[1])).Of("transaction_id").Order());
    }

    [Fact]
    public async Task A_month_closes_when_the_next_begins_though_nobody_asks_then()
    {
        Sell(1, "2026-11-10T10:00:00Z", 100_000);
        Account.Clock.Set(Instants.Parse("2026-12-05")!.Value, freeze: false);
        await sandbox.Get("/reports");

        Sell(2, "2026-11-11T10:00:00Z", 100_000);

        Assert.Equal("94950", (string)Assert.Single(await Payouts())["amount"]!);
    }

    [Fact]
    public async Task Money_counts_when_it_was_taken_and_a_refund_when_it_was_approved()
    {
        var invoice = Sell(1, "2026-08-10T10:00:00Z", 100_000);
        invoice["payments"]![0]!["captured_at"] = "2026-09-20T10:00:00Z";
        Account.Transactions.Put(invoice);
        var unpaid = Verbatim.Sale(2, "2026-09-10T10:00:00Z", 50_000);
        unpaid["status"] = "billed";
        Account.Transactions.Put(unpaid);
        Account.Adjustments.Put(Verbatim.Adjustment(1, invoice, "refund", "2026-09-21T10:00:00Z", 2_000, 0, 0, approved: "2026-10-02T10:00:00Z"));
        Account.Adjustments.Put(Verbatim.Adjustment(2, invoice, "refund", "2026-09-22T10:00:00Z", 3_000, 0, 0, status: "rejected"));
        Account.Adjustments.Put(Verbatim.Adjustment(3, invoice, "refund", "2026-09-22T10:00:00Z", 3_000, 0, 0, status: "pending_approval"));
        Sell(4, "2026-10-10T10:00:00Z", 20_000);

        var payouts = await Payouts();

        Assert.Equal([("2026-09", "94950"), ("2026-10", "16950")], payouts.Select(one => ((string)one["last_month"]!, (string)one["amount"]!)));
        Assert.Equal("2026-09-20T10:00:00.000000Z", (await Rows(payouts[0])).Of("transaction_completed_at").Single());
    }

    [Fact]
    public void It_is_told_on_the_first_and_on_the_fifteenth()
    {
        Sell(1, "2026-09-10T10:00:00Z", 100_000);
        Sell(2, "2026-10-10T10:00:00Z", 100_000);
        var now = Instants.Parse("2026-11-20")!.Value;

        var all = Account.Payouts.Between(0, now);
        var none = Account.Payouts.Between(Instants.Parse("2026-10-15")!.Value, Instants.Parse("2026-10-31")!.Value);

        Assert.Equal(
            ["2026-10-01 payout.created", "2026-10-15 payout.paid", "2026-11-01 payout.created", "2026-11-15 payout.paid"],
            all.Select(one => $"{Instants.Text(one.At)[..10]} {one.Type}"));
        Assert.Empty(none);
        Assert.Equal(["unpaid", "paid"], all.Take(2).Select(one => (string)one.From.Data(one)["status"]!));
        var data = all[3].From.Data(all[3]);
        Assert.Equal(["id", "status", "amount", "currency_code", "remittance_reference"], data.Select(field => field.Key));
        Assert.StartsWith("pay_", (string)data["id"]!);
        Assert.Matches("^PDL-2026-10-[0-9A-Z]{6}$", (string)data["remittance_reference"]!);
        Assert.Equal(("94950", "USD"), ((string)data["amount"]!, (string)data["currency_code"]!));
    }

    [Fact]
    public async Task One_that_was_told_is_shown_though_other_choices_would_not_make_it()
    {
        Sell(1, "2026-09-10T10:00:00Z", 50_000);
        var before = (await sandbox.Get("/events?event_type=payout.paid"))["data"]!.AsArray();

        await sandbox.Do("POST", "/choices", new JsonObject { ["payoutMinimum"] = "1000" });
        var after = (await sandbox.Get("/events?event_type=payout.paid"))["data"]!.AsArray();

        Assert.Empty(await Payouts());
        Assert.Equal("47450", (string)Assert.Single(before)!["data"]!["amount"]!);
        Assert.Equal(before.ToJsonString(), after.ToJsonString());
    }

    [Fact]
    public async Task Each_currency_that_is_paid_out_has_payouts_of_its_own()
    {
        await using var extra = await Running.With("--transactions", "0", "--now", "2026-11-20T12:00:00Z", "--report-seconds", "0", "--payout", "EUR");
        extra.Sandbox.Account.Transactions.Put(Verbatim.Sale(1, "2026-09-10T10:00:00Z", 100_000, currency: "EUR", payout: "EUR"));
        extra.Sandbox.Account.Transactions.Put(Verbatim.Sale(2, "2026-09-10T10:00:00Z", 100_000, currency: "EUR", payout: "CHF", rate: "0.95"));

        var payouts = JsonNode.Parse(await extra.Control.GetStringAsync("/truth/payouts"))!.AsArray();

        Assert.Equal([("CHF", "88873"), ("EUR", "94950")], payouts.Select(one => ((string)one!["currency_code"]!, (string)one["amount"]!)));
        var francs = await extra.Report("payout_reconciliation", JsonFilter.Of("remittance_reference", (string)payouts[0]!["remittance_reference"]!));
        Assert.Equal(["sale", "swift_fee"], francs.Of("balance_movement_type"));
        Assert.Equal(["902.02", "-13.29"], francs.Of("balance_movement_in_balance_currency"));
    }

    private JsonObject Sell(int number, string at, long subtotal)
    {
        var sale = Verbatim.Sale(number, at, subtotal);
        Account.Transactions.Put(sale);
        return sale;
    }

    private async Task<List<JsonNode>> Payouts() =>
        [.. JsonNode.Parse(await sandbox.Control.GetStringAsync("/truth/payouts"))!.AsArray().Select(one => one!)];

    private Task<Table> Rows(JsonNode payout) =>
        sandbox.Report("payout_reconciliation", JsonFilter.Of("remittance_reference", (string)payout["remittance_reference"]!));
}
