using System.Text;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>The files of every type of report: their form, and that they hold what was asked for.</summary>
public sealed class Reading_a_report_file : IAsyncLifetime
{
    private static readonly JsonFilter Ever = JsonFilter.All("updated_at");
    private Running sandbox = null!;

    private Account Account => sandbox.Sandbox.Account;

    public async Task InitializeAsync()
    {
        sandbox = await Running.With("--transactions", "0", "--now", "2026-11-20T12:00:00Z", "--report-seconds", "0");
        var sale = Verbatim.Sale(1, "2026-11-02T10:00:00Z", 10_000, tax: 2_000, discount: 500);
        sale["business_id"] = Verbatim.Id("biz", 1);
        var yen = Verbatim.Sale(2, "2026-11-01T10:00:00Z", 5_000, currency: "JPY", rate: "0.0067");
        Account.Transactions.Put(sale);
        Account.Transactions.Put(yen);
        Account.Adjustments.Put(Verbatim.Adjustment(1, sale, "refund", "2026-11-03T10:00:00Z", 1_000, 200, 60, retained: 20));
        Account.Adjustments.Put(Verbatim.Adjustment(2, yen, "refund", "2026-11-04T10:00:00Z", 100, 0, 5, status: "rejected"));
        Account.Customers.Put(new JsonObject { ["id"] = Verbatim.Id("ctm", 1), ["email"] = "mia@example.com" });
        Account.Businesses.Put(new JsonObject { ["id"] = Verbatim.Id("biz", 1), ["name"] = "Smith, \"Jones\"\nand Co" });
        Account.Addresses.Put(new JsonObject { ["id"] = Verbatim.Id("add", 1), ["country_code"] = "GB" });
    }

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task Transactions_come_by_their_last_update_with_amounts_in_the_places_of_their_currency()
    {
        var table = await sandbox.Report("transactions");

        Assert.Equal([Verbatim.Id("txn", 2), Verbatim.Id("txn", 1)], table.Of("id"));
        Assert.Equal(["5000", "100.00"], table.Of("subtotal"));
        Assert.Equal(["33.50", "115.00"], table.Of("balance_currency_total"));
        Assert.Equal(["", "Smith, \"Jones\"\nand Co"], table.Of("business_name"));
        Assert.Equal(["mia@example.com", "mia@example.com"], table.Of("customer_email"));
        Assert.Equal(["GB", "GB"], table.Of("address_country_code"));
    }

    [Fact]
    public async Task Lines_and_items_have_a_row_each()
    {
        var lines = await sandbox.Report("transaction_line_items");
        var items = await sandbox.Report("adjustment_line_items");

        Assert.Equal([Verbatim.Id("txnitm", 2), Verbatim.Id("txnitm", 1)], lines.Of("id"));
        Assert.Equal(["5000", "115.00"], lines.Of("total"));
        Assert.Equal([Verbatim.Id("adj", 1), Verbatim.Id("adj", 2)], items.Of("adjustment_id"));
        Assert.Equal([Verbatim.Id("txnitm", 1), Verbatim.Id("txnitm", 2)], items.Of("item_id"));
    }

    [Fact]
    public async Task Filters_leave_out_what_was_not_asked_for()
    {
        var yen = await sandbox.Report("transactions", JsonFilter.Of("currency_code", "JPY", "EUR"), Ever);
        var refunds = await sandbox.Report("adjustments", JsonFilter.Of("status", "approved", "reversed"), JsonFilter.Of("action", "refund"));
        var early = await sandbox.Report("transactions", Ever, new("updated_at", "lt", "2026-11-02T10:00:00Z"));
        var late = await sandbox.Report("transactions", new JsonFilter("updated_at", "gte", "2026-11-02T10:00:00Z"));

        Assert.Equal([Verbatim.Id("txn", 2)], yen.Of("id"));
        Assert.Equal([(Verbatim.Id("adj", 1), "0.20", "0.20")],
            refunds.Rows.Select(row => (row["id"], row["retained_fee"], row["balance_currency_retained_fee"])));
        Assert.Equal([Verbatim.Id("txn", 2)], early.Of("id"));
        Assert.Equal([Verbatim.Id("txn", 1)], late.Of("id"));
    }

    [Fact]
    public async Task Without_a_date_it_is_of_the_last_thirty_days()
    {
        Account.Transactions.Put(Verbatim.Sale(3, "2026-10-20T10:00:00Z", 10_000));

        Assert.Equal(2, (await sandbox.Report("transactions")).Rows.Count);
        Assert.Equal(3, (await sandbox.Report("transactions", Ever)).Rows.Count);
    }

    [Fact]
    public async Task Prices_stand_beside_their_products_and_a_product_without_one_alone()
    {
        Account.Products.Put(new JsonObject { ["id"] = Verbatim.Id("pro", 1), ["name"] = "Reader", ["status"] = "active", ["updated_at"] = "2026-11-05" });
        Account.Products.Put(new JsonObject { ["id"] = Verbatim.Id("pro", 2), ["name"] = "Writer", ["status"] = "archived", ["updated_at"] = "2026-11-04" });
        Account.Prices.Put(new JsonObject
        {
            ["id"] = Verbatim.Id("pri", 1),
            ["product_id"] = Verbatim.Id("pro", 1),
            ["unit_price"] = new JsonObject { ["amount"] = "1999", ["currency_code"] = "EUR" },
            ["updated_at"] = "2026-11-06",
        });

        var all = await sandbox.Report("products_prices");
        var active = await sandbox.Report("products_prices", JsonFilter.Of("product_status", "active"));

        Assert.Equal([("Writer", "", ""), ("Reader", Verbatim.Id("pri", 1), "19.99")],
            all.Rows.Select(row => (row["product_name"], row["price_id"], row["price_unit_price_amount"])));
        Assert.Equal(["Reader"], active.Of("product_name"));
    }

    [Fact]
    public async Task Discounts_are_amounts_or_shares()
    {
        Account.Discounts.Put(new JsonObject
        {
            ["id"] = Verbatim.Id("dsc", 1),
            ["type"] = "flat",
            ["amount"] = "500",
            ["currency_code"] = "USD",
            ["restrict_to"] = new JsonArray("a", "b"),
            ["updated_at"] = "2026-11-05",
        });
        Account.Discounts.Put(new JsonObject { ["id"] = Verbatim.Id("dsc", 2), ["type"] = "percentage", ["amount"] = "15", ["updated_at"] = "2026-11-06" });

        var table = await sandbox.Report("discounts");
        var flat = await sandbox.Report("discounts", JsonFilter.Of("type", "flat"));

        Assert.Equal([("5.00", "a,b"), ("15", "")], table.Rows.Select(row => (row["amount"], row["restrict_to"])));
        Assert.Equal([Verbatim.Id("dsc", 1)], flat.Of("id"));
    }

    [Fact]
    public async Task The_balance_has_what_counts_and_not_what_was_rejected()
    {
        var table = await sandbox.Report("balance");

        Assert.Equal(["sale", "sale", "refund"], table.Of("type"));
        Assert.Equal("88.75", table.Of("earnings")[1]);
        foreach (var row in table.Rows)
        {
            long Amount(string column) => Table.Minor(row[column], "USD");
            Assert.Equal(Amount("earnings"), Amount("gross") - Amount("tax") - Amount("fee"));
        }
    }

    [Fact]
    public async Task Checkouts_are_only_a_header()
    {
        Account.Choices = Account.Choices.With("reportEmpty", "file");

        var table = await sandbox.Report("checkouts", JsonFilter.All("checkout_created_at"), JsonFilter.Of("customer_country_code", "US"));

        Assert.Equal((6, 0), (table.Header.Count, table.Rows.Count));
    }

    [Fact]
    public async Task The_form_of_a_file_can_be_chosen()
    {
        var usual = await sandbox.ReportFile("transactions");
        foreach (var (name, value) in new[] { ("reportUnits", "minor"), ("reportNull", "null"), ("reportMark", "yes"), ("reportLines", "crlf") })
            Account.Choices = Account.Choices.With(name, value);
        var other = await sandbox.ReportFile("transactions");

        Assert.Equal((byte)'i', usual[0]);
        Assert.DoesNotContain((byte)'\r', usual);
        Assert.Equal([0xEF, 0xBB, 0xBF], other[..3]);
        var text = Encoding.UTF8.GetString(other[3..]);
        Assert.StartsWith("id,status,invoice_number,", text);
        Assert.Equal(3, text.Split("\r\n").Length - 1);
        var table = Table.Read(text);
        Assert.Equal(["5000", "10000"], table.Of("subtotal"));
        Assert.Equal("null", table.Of("subscription_id")[0]);
    }

    [Fact]
    public async Task What_happened_within_the_lag_is_not_in_it_yet()
    {
        await using var late = await Running.With(
            "--transactions", "0", "--now", "2026-11-20T12:00:00Z", "--report-seconds", "0", "--report-lag-minutes", "60");
        late.Sandbox.Account.Transactions.Put(Verbatim.Sale(1, "2026-11-20T10:59:00Z", 10_000));
        late.Sandbox.Account.Transactions.Put(Verbatim.Sale(2, "2026-11-20T11:30:00Z", 10_000));

        Assert.Equal([Verbatim.Id("txn", 1)], (await late.Report("transactions")).Of("id"));
        Assert.Equal([Verbatim.Id("txn", 1)], (await late.Report("payout_reconciliation")).Of("transaction_id"));
        late.Sandbox.Account.Clock.Set(late.Sandbox.Account.Clock.Now + Instants.Hour, freeze: false);
        Assert.Equal([Verbatim.Id("txn", 1), Verbatim.Id("txn", 2)], (await late.Report("transactions")).Of("id"));
    }
}
