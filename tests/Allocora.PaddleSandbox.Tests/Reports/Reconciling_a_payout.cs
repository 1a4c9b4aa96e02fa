using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>The payout report: its rows come to what is paid out, to the cent, whatever moved the balance.</summary>
public sealed class Reconciling_a_payout : IAsyncLifetime
{
    private static readonly JsonFilter Ever = JsonFilter.All("balance_movement_date");
    private Running sandbox = null!;
    private int number;

    private Account Account => sandbox.Sandbox.Account;

    public async Task InitializeAsync() => sandbox = await Start();

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task Both_formulas_hold_on_every_row_and_each_payout_is_the_sum_of_its_rows()
    {
        SellAndTakeBack();
        Account.Clock.Set(Instants.Parse("2026-12-20")!.Value, freeze: false);

        var all = await sandbox.Report("payout_reconciliation", Ever);
        var payouts = await Payouts();

        Assert.Equal(3, payouts.Count);
        foreach (var row in all.Rows) HoldsTheFormulas(row);
        foreach (var payout in payouts)
        {
            var reference = (string)payout["remittance_reference"]!;
            var own = await sandbox.Report("payout_reconciliation", JsonFilter.Of("remittance_reference", reference));
            Assert.Equal((int)payout["rows"]!, own.Rows.Count);
            Assert.Equal([reference], own.Of("remittance_reference").Distinct());
            Assert.Equal(Verbatim.Whole(payout, "amount"), Sum(own.Rows));
            Assert.Equal(own.Rows.Select(Key).Order(), all.Rows.Where(row => row["remittance_reference"] == reference).Select(Key).Order());
        }
        Assert.Equal(payouts.Sum(payout => (int)payout["rows"]!) + all.Of("remittance_reference").Count(one => one.Length == 0), all.Rows.Count);
    }

    [Fact]
    public async Task Every_kind_of_movement_is_there_with_its_signs()
    {
        SellAndTakeBack();

        var all = await sandbox.Report("payout_reconciliation", Ever);

        var kinds = all.Rows.GroupBy(row => row["balance_movement_type"]).ToDictionary(kind => kind.Key, kind => kind.First());
        Assert.Equal(
            [
                "chargeback", "chargeback_reversal", "chargeback_warning", "chargeback_warning_reverse", "credit", "rebate", "refund", "sale", "swift_fee",
                "vat_refund",
            ],
            kinds.Keys.Order(StringComparer.Ordinal));
        foreach (var (kind, direction, gross) in new[]
        {
            ("sale", "in", 1), ("refund", "out", -1), ("chargeback", "out", -1), ("chargeback_warning", "out", -1), ("chargeback_reversal", "in", 1),
            ("chargeback_warning_reverse", "in", 1), ("vat_refund", "in", -1), ("rebate", "in", 0), ("swift_fee", "out", 0), ("credit", "out", 0),
        })
        {
            Assert.Equal((kind, direction, gross), (kind, kinds[kind]["balance_movement_direction"], Math.Sign(Cents(kinds[kind], "total_gross"))));
        }
        Assert.True(Cents(kinds["chargeback"], "chargeback_fee") == 1_500 && Cents(kinds["refund"], "retained_fee") == 10);
        Assert.True(Cents(kinds["refund"], "discount") < 0 && Cents(kinds["sale"], "discount") > 0);
        Assert.Equal("", kinds["sale"]["reason"]);
        Assert.Equal("fraudulent", kinds["chargeback"]["reason"]);
        foreach (var kind in new[] { "rebate", "swift_fee" })
        {
            Assert.Equal(("", "", ""), (kinds[kind]["transaction_id"], kinds[kind]["adjustment_id"], kinds[kind]["customer_id"]));
            Assert.NotEqual("", kinds[kind]["remittance_reference"]);
        }
        Assert.Equal(("", true), (kinds["swift_fee"]["reason"], kinds["rebate"]["reason"].Length > 0));
        Assert.Equal(-1_500, Cents(kinds["swift_fee"], "payout_rebates_and_fees"));
    }

    [Fact]
    public async Task Kinds_are_named_as_the_api_names_them_when_so_chosen_and_can_be_asked_for()
    {
        SellAndTakeBack();
        Account.Choices = Account.Choices.With("movementNames", "api");

        var all = await sandbox.Report("payout_reconciliation", Ever);
        var some = await sandbox.Report("payout_reconciliation", Ever, JsonFilter.Of("balance_movement_type", "chargeback_reverse", "rebate"));
        var refunds = await sandbox.Report("payout_reconciliation", Ever, JsonFilter.Of("balance_movement_type", "refund"));

        Assert.DoesNotContain("vat_refund", all.Of("balance_movement_type"));
        Assert.DoesNotContain("chargeback_reversal", all.Of("balance_movement_type"));
        Assert.Equal(["chargeback_reverse", "rebate"], some.Of("balance_movement_type").Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(all.Of("balance_movement_type").Count(kind => kind == "refund"), refunds.Rows.Count);
    }

    [Theory]
    [InlineData("GBP", "1.2282731999999998")]
    [InlineData("JPY", "0.0067123")]
    [InlineData("KRW", "0.000731")]
    public async Task A_converted_sale_comes_to_its_payout_earnings_with_the_margin_as_a_fee(string currency, string rate)
    {
        var sale = Verbatim.Sale(1, "2026-11-10T10:00:00Z", 123_457, tax: 24_691, discount: 1_234, currency: currency, rate: rate);
        var refund = Verbatim.Adjustment(1, sale, "refund", "2026-11-11T10:00:00Z", 10_001, 2_000, 601, retained: 33);
        Account.Transactions.Put(sale);
        Account.Adjustments.Put(refund);

        var rows = (await sandbox.Report("payout_reconciliation")).Rows;

        Assert.Equal(Verbatim.Whole(sale["details"]!["payout_totals"]!, "earnings"), Cents(rows[0], "balance_movement"));
        var given = refund["payout_totals"]!;
        Assert.Equal(-Verbatim.Whole(given, "earnings") - Verbatim.Whole(given, "retained_fee"), Cents(rows[1], "balance_movement"));
        Assert.True(Cents(rows[0], "fx_fee") > 0 && Cents(rows[1], "fx_fee") < 0);
        Assert.True(Cents(rows[0], "total_gross") > Verbatim.Whole(sale["details"]!["payout_totals"]!, "grand_total"));
        Assert.InRange(Cents(rows[0], "fx_fee_precision_adjustment"), -3, 3);
        Assert.Equal((rate, "0.02"), (rows[0]["transaction_to_balance_currency_exchange_rate"], rows[0]["exchange_margin_rate"]));
        Assert.Equal(currency, rows[0]["transaction_currency_code"]);
        Assert.Equal(Verbatim.Whole(sale["details"]!["totals"]!, "subtotal"), Table.Minor(rows[0]["subtotal_in_transaction_currency"], currency));
        foreach (var row in rows) HoldsTheFormulas(row);
    }

    [Fact]
    public async Task What_was_not_converted_has_no_rates_and_no_fee_for_it()
    {
        Account.Transactions.Put(Verbatim.Sale(1, "2026-11-10T10:00:00Z", 10_000, tax: 2_000));

        var row = (await sandbox.Report("payout_reconciliation")).Rows.Single();

        Assert.Equal(("", "", ""), (row["exchange_base_rate"], row["exchange_margin_rate"], row["transaction_to_balance_currency_exchange_rate"]));
        Assert.Equal((0, 0, 9_350), (Cents(row, "fx_fee"), Cents(row, "fx_fee_precision_adjustment"), Cents(row, "balance_movement")));
        Assert.Equal(("", "", ""), (row["remittance_reference"], row["payout_id"], row["balance_currency_code"]));
    }

    [Theory]
    [InlineData("first", "remittance_reference", "transaction_updated_at", "discount_types")]
    [InlineData("second", "payout_reference", "transaction_updated_date", "discount_type")]
    [InlineData("third", "payout_id", "transaction_updated_date", "discount_type")]
    public async Task Columns_that_are_not_known_for_sure_have_other_names_when_so_chosen(string which, params string[] names)
    {
        SellAndTakeBack();
        Account.Choices = Account.Choices.With("reportNames", which);

        var table = await sandbox.Report("payout_reconciliation", Ever);

        Assert.Equal(58, table.Header.Count);
        Assert.Equal(names[0], table.Header[0]);
        Assert.All(names, name => Assert.Contains(name, table.Header));
        Assert.Contains(table.Of(names[0]), reference => reference.StartsWith("PDL-2026-", StringComparison.Ordinal));
        foreach (var row in table.Rows) HoldsTheFormulas(row);
    }

    [Fact]
    public async Task In_minor_units_the_same_amounts_stand_without_a_point()
    {
        SellAndTakeBack();
        var major = await sandbox.Report("payout_reconciliation", Ever);
        Account.Choices = Account.Choices.With("reportUnits", "minor");

        var minor = await sandbox.Report("payout_reconciliation", Ever);

        Assert.Equal(major.Rows.Select(row => Cents(row, "balance_movement")), minor.Of("balance_movement_in_balance_currency").Select(long.Parse));
        Assert.Equal(major.Of("transaction_id"), minor.Of("transaction_id"));
    }

    [Fact]
    public async Task The_filter_of_the_transactions_update_takes_a_sale_with_its_adjustments_and_nothing_without_a_sale()
    {
        SellAndTakeBack();
        var late = Verbatim.Sale(100, "2026-09-05T10:00:00Z", 50_000);
        late["updated_at"] = "2026-11-15T00:00:00Z";
        Account.Transactions.Put(late);
        Account.Adjustments.Put(Verbatim.Adjustment(100, late, "refund", "2026-09-07T10:00:00Z", 100, 0, 0));

        var found = await sandbox.Report("payout_reconciliation", new JsonFilter("transaction_updated_at", "gte", "2026-11-14"));

        Assert.Equal(["refund", "sale"], found.Of("balance_movement_type"));
        Assert.Equal([Verbatim.Id("txn", 100)], found.Of("transaction_id").Distinct());
        Assert.StartsWith("PDL-2026-09-", found.Of("remittance_reference").Distinct().Single());
    }

    [Fact]
    public async Task A_reference_nobody_has_finds_nothing()
    {
        SellAndTakeBack();
        Account.Choices = Account.Choices.With("reportEmpty", "file");

        var none = await sandbox.Report("payout_reconciliation", JsonFilter.Of("remittance_reference", "PDL-2026-09-AAAAAA", "PDL-2026-99-AAAAAA", "x"));

        Assert.Empty(none.Rows);
    }

    [Theory]
    [InlineData("sale", 5_625, 0)]
    [InlineData("credit", 9_375, -950)]
    [InlineData("both", 5_625, -950)]
    public async Task Credit_counts_where_it_is_chosen_to(string where, long sold, long credited)
    {
        Account.Choices = Account.Choices.With("creditCounts", where);
        var sale = Verbatim.Sale(1, "2026-11-10T10:00:00Z", 10_000, tax: 1_500, credit: 4_313);
        Account.Transactions.Put(sale);
        Account.Adjustments.Put(Verbatim.Adjustment(1, sale, "credit", "2026-11-11T10:00:00Z", 1_000, 0, 50));

        var rows = (await sandbox.Report("payout_reconciliation")).Rows;

        Assert.Equal((sold, credited), (Cents(rows[0], "balance_movement"), Cents(rows[1], "balance_movement")));
        foreach (var row in rows) HoldsTheFormulas(row);
    }

    private static async Task<Running> Start() =>
        await Running.With("--transactions", "0", "--now", "2026-11-20T12:00:00Z", "--report-seconds", "0", "--seed", "27");

    // Sales of three months in several currencies, and everything that can be done to one.
    private void SellAndTakeBack()
    {
        (string Currency, string? Rate)[] currencies = [("USD", null), ("GBP", "1.2282731999999998"), ("JPY", "0.0067"), ("EUR", "1.0813"), ("KRW", "0.00073")];
        for (var month = 9; month <= 11; month++)
        {
            foreach (var (currency, rate) in currencies)
            {
                var price = 30_000 + (997 * ++number);
                var at = $"2026-{month:00}-0{(number % 9) + 1}T10:00:00Z";
                var sale = Verbatim.Sale(number, at, price, price / 5, price / 9, currency, rate, product: "A, \"B\"\nC");
                Account.Transactions.Put(sale);
                TakeBack(sale, month);
            }
        }
    }

    private void TakeBack(JsonObject sale, int month)
    {
        var at = $"2026-{month:00}-18T10:00:00Z";
        void Adjust(
            string action, long subtotal, long tax, long fee, long retained = 0, long chargebackFee = 0, string item = "partial", string reason = "error")
        {
            var id = (100 * number) + Account.Adjustments.Size(0);
            var status = action == "chargeback" ? "reversed" : "approved";
            Account.Adjustments.Put(Verbatim.Adjustment(id, sale, action, at, subtotal, tax, fee, retained, chargebackFee, status, null, item, reason));
        }
        Adjust("refund", 1_001, 200, 60, retained: 10);
        Adjust("refund", 0, 300, 15, item: "tax", reason: "tax number");
        Adjust("chargeback", 900, 180, 0, chargebackFee: 1_500, reason: "fraudulent");
        Adjust("chargeback_reverse", -900, -180, 0);
        Adjust("chargeback_warning", 700, 140, 30, chargebackFee: 700);
        Adjust("chargeback_warning_reverse", -700, -140, -30);
        Adjust("credit", 800, 160, 40);
    }

    private async Task<List<JsonNode>> Payouts()
    {
        var answer = JsonNode.Parse(await sandbox.Control.GetStringAsync("/truth/payouts"))!.AsArray();
        return [.. answer.Select(one => one!)];
    }

    private static void HoldsTheFormulas(IReadOnlyDictionary<string, string> row)
    {
        Assert.Equal(Cents(row, "balance_movement"), Cents(row, "total_gross") - Cents(row, "tax") - Cents(row, "paddle_fee") - Cents(row, "retained_fee")
            - Cents(row, "fx_fee") - Cents(row, "fx_fee_precision_adjustment") - Cents(row, "chargeback_fee") + Cents(row, "payout_rebates_and_fees"));
        Assert.Equal(Cents(row, "subtotal"), Cents(row, "total_gross") - Cents(row, "tax") + Cents(row, "discount"));
        var currency = row.GetValueOrDefault("transaction_currency_code") ?? row.GetValueOrDefault("currency_code") ?? row["transaction_currency"];
        long Own(string part) => Table.Minor(row[part + "_in_transaction_currency"], currency.Length == 0 ? "USD" : currency);
        Assert.Equal(Own("subtotal"), Own("total_gross") - Own("tax") + Own("discount"));
    }

    private static long Cents(IReadOnlyDictionary<string, string> row, string part) => Table.Minor(row[part + "_in_balance_currency"], "USD");

    private static long Sum(IEnumerable<IReadOnlyDictionary<string, string>> rows) => rows.Sum(row => Cents(row, "balance_movement"));

    private static string Key(IReadOnlyDictionary<string, string> row) => string.Join('|', row.Values);
}
