using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

public sealed class Reading_rows
{
    [Fact]
    public void What_counts_of_a_row_has_one_form_and_one_hash()
    {
        var sale = Sample.Transaction()
            .With("address", Sample.Object("""{"id":"add_x","country_code":"DE","region":"Bavaria","postal_code":"80331","city":"Munich"}"""))
            .With("discount_id", Sample.Id("dsc", 1)).With("discount", Sample.Object("""{"code":"SPRING"}""")).Seen("seats", "ref", "plan", "missing");
        var adjustment = Sample.Adjustment().With("payout_totals.chargeback_fee", Sample.Object("""{"amount":"1500","original":null}""")).Seen();
        var form = new JsonSerializerOptions(Canonical.Json) { WriteIndented = true };
        Golden.Matches(
            $"{Convert.ToHexStringLower(sale.Revision)}\n{JsonSerializer.Serialize(sale.Transaction, form)}\n"
            + $"{Convert.ToHexStringLower(adjustment.Revision)}\n{JsonSerializer.Serialize(adjustment.Adjustment, form)}\n", "canonical.txt");
    }

    [Fact]
    public void What_does_not_count_can_change_without_being_news()
    {
        var first = Sample.Transaction().Seen();
        var again = Sample.Transaction().With("updated_at", "2026-05-01T00:00:00Z").With("something_new", 1).With("details.totals.balance", "7").Seen();
        Assert.Equal(first.Revision, again.Revision);
        Assert.NotEqual(first.Content, again.Content);
        Assert.NotEqual(first.Revision, Sample.Transaction().With("details.totals.fee", "156").Seen().Revision);
        Assert.NotEqual(first.Revision, Sample.Transaction().Seen("ref").Revision);
    }

    [Fact]
    public void A_payload_that_was_kept_reads_as_the_row_did()
    {
        var row = Sample.Transaction().Seen("ref");
        var kept = PayloadText.Decompress(PayloadText.Compress(row.Payload));
        var again = ReadPages.OfPayload(kept, RowKind.Transaction, ["ref"]);
        Assert.Equal((Hex(row.Revision), Hex(row.Content)), (Hex(again.Revision), Hex(again.Content)));
    }

    [Theory]
    [InlineData("id", "null", "missing:id")]
    [InlineData("id", "\"adj_01hv8x29kz0t586xy6zn000001\"", "not-an-id:id")]
    [InlineData("id", "\"txn_01HV8X29KZ0T586XY6ZN000001\"", "not-an-id:id")]
    [InlineData("status", "7", "not-text:status")]
    [InlineData("status", "\"paid\\u0000\"", "unknown-shape:status")]
    [InlineData("status", "\"\"", "unknown-shape:status")]
    [InlineData("currency_code", "\"usd\"", "currency-malformed:currency_code")]
    [InlineData("details.totals.currency_code", "\"EUR\"", "currencies-differ:details.totals.currency_code")]
    [InlineData("details.adjusted_totals.currency_code", "\"EUR\"", "currencies-differ:details.adjusted_totals.currency_code")]
    [InlineData("details.payout_totals.currency_code", "null", "missing:details.payout_totals.currency_code")]
    [InlineData("details", "[]", "unknown-shape:details")]
    [InlineData("details.totals", "null", "missing:details.totals")]
    [InlineData("details.totals.total", "2090", "not-an-amount:details.totals.total")]
    [InlineData("details.totals.total", "\"20.90\"", "not-an-amount:details.totals.total")]
    [InlineData("details.totals.total", "\"+2090\"", "not-an-amount:details.totals.total")]
    [InlineData("details.totals.total", "\"2e3\"", "not-an-amount:details.totals.total")]
    [InlineData("details.totals.total", "\"-0\"", "not-an-amount:details.totals.total")]
    [InlineData("details.totals.total", "\"9223372036854775808\"", "amount-too-large:details.totals.total")]
    [InlineData("details.totals.total", "null", "missing:details.totals.total")]
    [InlineData("details.totals.fee", "1", "not-an-amount:details.totals.fee")]
    [InlineData("details.line_items", "{}", "unknown-shape:details.line_items")]
    [InlineData("details.line_items.0", "3", "unknown-shape:details.line_items[0]")]
    [InlineData("details.line_items.0.quantity", "1.5", "unknown-shape:details.line_items[0].quantity")]
    [InlineData("details.line_items.0.quantity", "\"2\"", "unknown-shape:details.line_items[0].quantity")]
    [InlineData("details.line_items.0.totals.tax", "null", "missing:details.line_items[0].totals.tax")]
    [InlineData("details.line_items.0.product.name", "\"\\ud800\"", "not-text:details.line_items.product.name")]
    [InlineData("created_at", "\"yesterday\"", "not-a-time:created_at")]
    [InlineData("created_at", "\"2026-02-30T00:00:00Z\"", "not-a-time:created_at")]
    [InlineData("created_at", "\"2026-03-01T09:59:00\"", "not-a-time:created_at")]
    [InlineData("created_at", "\"0001-01-01T00:00:00Z\"", "missing:created_at")]
    [InlineData("billed_at", "1772359140", "not-a-time:billed_at")]
    [InlineData("billed_at", "\"2026-03-01T09:59:00.1234567890Z\"", "not-a-time:billed_at")]
    [InlineData("billed_at", "\"0001-01-01T00:00:00+14:00\"", "not-a-time:billed_at")]
    [InlineData("payments.0.captured_at", "\"\"", "not-a-time:payments[0].captured_at")]
    [InlineData("customer_id", "\"me@example.com\"", "not-an-id:customer_id")]
    [InlineData("custom_data", "7", "unknown-shape:custom_data")]
    public void A_row_that_cannot_be_read_says_why_and_where(string path, string json, string fault)
    {
        var read = Sample.Read(Sample.Transaction().With(path, "THE VALUE").ToJsonString().Replace("\"THE VALUE\"", json, StringComparison.Ordinal), "ref");
        Assert.Equal(fault, read.Fault);
        Assert.Null(read.Row);
        Assert.Equal(path == "id" ? null : Sample.Id("txn", 1), read.Id);
    }

    [Theory]
    [InlineData("transaction_id", "\"txn_1\"", "not-an-id:transaction_id")]
    [InlineData("totals.currency_code", "\"EUR\"", "currencies-differ:totals.currency_code")]
    [InlineData("items", "null", "missing:items")]
    [InlineData("credit_applied_to_balance", "\"yes\"", "unknown-shape:credit_applied_to_balance")]
    [InlineData("payout_totals.total", "\"1.0\"", "not-an-amount:payout_totals.total")]
    public void So_does_an_adjustment(string path, string json, string fault) =>
        Assert.Equal(fault, Sample.Adjustment().With(path, JsonNode.Parse(json)).Read().Fault);

    [Theory]
    [InlineData("details.totals.fee")]
    [InlineData("details.totals.earnings")]
    [InlineData("details.totals.credit_to_balance")]
    [InlineData("details.payout_totals")]
    [InlineData("details.payout_totals.exchange_rate")]
    [InlineData("details.payout_totals.fee_rate")]
    [InlineData("details.adjusted_totals")]
    [InlineData("payments")]
    [InlineData("payments.0.captured_at")]
    [InlineData("payments.0.method_details")]
    [InlineData("billed_at")]
    [InlineData("revised_at")]
    [InlineData("custom_data")]
    [InlineData("invoice_number")]
    [InlineData("details.line_items.0.product")]
    [InlineData("details.line_items.0.price_id")]
    public void What_older_answers_lack_may_be_absent_or_null(string path)
    {
        Assert.Null(Sample.Transaction().Without(path).Read("ref").Fault);
        Assert.Null(Sample.Transaction().With(path, null).Read("ref").Fault);
        Assert.Equal(Sample.Transaction().Without(path).Seen("ref").Revision, Sample.Transaction().With(path, null).Seen("ref").Revision);
    }

    [Theory]
    [InlineData("retained_fee")]
    [InlineData("fee")]
    [InlineData("earnings")]
    public void So_it_is_with_adjustments(string name)
    {
        Assert.Null(Sample.Adjustment().Without($"totals.{name}").Without($"payout_totals.{name}").Read().Fault);
        Assert.Null(Sample.Adjustment().Without("type").With("payout_totals", null).With("updated_at", null).Read().Fault);
    }

    [Theory]
    [InlineData("2026-03-01T10:00:05Z", "2026-03-01T10:00:05.0000000+00:00")]
    [InlineData("2026-03-01T10:00:05.9Z", "2026-03-01T10:00:05.9000000+00:00")]
    [InlineData("2026-03-01T10:00:05.242831681Z", "2026-03-01T10:00:05.2428310+00:00")]
    [InlineData("2026-03-01T10:00:05.9999999Z", "2026-03-01T10:00:05.9999990+00:00")]
    [InlineData("2026-03-01T23:30:00+14:00", "2026-03-01T09:30:00.0000000+00:00")]
    public void A_time_is_cut_to_microseconds_and_never_rounded(string written, string read) =>
        Assert.Equal(
            read, Sample.Transaction().With("billed_at", written).Seen().Transaction!.BilledAt!.Value.ToString("O", CultureInfo.InvariantCulture));

    [Fact]
    public void The_first_moment_of_the_calendar_is_no_time() =>
        Assert.Null(Sample.Transaction().With("billed_at", "0001-01-01T00:00:00Z").Seen().Transaction!.BilledAt);

    [Fact]
    public void A_sale_was_captured_with_its_last_captured_payment()
    {
        var sale = Sample.Transaction();
        var payments = sale["payments"]!.AsArray();
        payments.Add(payments[0]!.DeepClone().AsObject().With("captured_at", "2026-03-02T00:00:00Z"));
        payments.Add(payments[0]!.DeepClone().AsObject().With("captured_at", "2026-03-03T00:00:00Z").With("status", "error"));
        Assert.Equal(new DateTimeOffset(2026, 3, 2, 0, 0, 0, TimeSpan.Zero), sale.Seen().Transaction!.CapturedAt);
        Assert.Null(Sample.Transaction().With("payments", new JsonArray()).Seen().Transaction!.CapturedAt);
    }

    [Fact]
    public void What_is_negative_and_what_is_new_is_read_as_it_is()
    {
        var sale = Sample.Transaction(status: "on_hold").With("details.line_items.0.quantity", -3).With("details.line_items.0.totals.total", "-2090")
            .With("origin", "a_new_origin").Seen().Transaction!;
        Assert.Equal((-3L, -2090L, "on_hold", "a_new_origin"), (sale.Lines[0].Quantity, sale.Lines[0].Totals.Total.Minor, sale.Status, sale.Origin));
    }

    [Fact]
    public void Totals_that_do_not_add_up_are_for_the_Ledger_to_judge() =>
        Assert.Null(Sample.Transaction().With("details.totals.total", "1").Read().Fault);

    [Fact]
    public void A_name_that_occurs_twice_spoils_its_row_and_is_not_repeated_where_customers_chose_it()
    {
        var row = Sample.Transaction().ToJsonString();
        string? Fault(string at, string added) => Sample.Read(row.Insert(row.IndexOf(at, StringComparison.Ordinal), added)).Fault;
        Assert.Equal("duplicate-key:status", Fault("\"status\":\"completed\"", "\"status\":\"paid\","));
        Assert.Equal("duplicate-key:custom_data", Fault("\"ref\":", "\"jane\":1,\"jane\":2,"));
        Assert.Equal("duplicate-key:", Fault("\"id\":\"txn", "\"Jane Doe\":1,\"Jane Doe\":2,"));
    }

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);
}
