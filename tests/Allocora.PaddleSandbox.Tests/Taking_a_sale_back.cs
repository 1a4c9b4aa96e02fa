using System.Net;
using System.Text.Json.Nodes;
using static Allocora.PaddleSandbox.Shop;

namespace Allocora.PaddleSandbox;

/// <summary>Refunds, credits, chargebacks and what undoes them, over the API and as Paddle decides.</summary>
public sealed class Taking_a_sale_back : IAsyncLifetime
{
    private Shop shop = null!;

    public async Task InitializeAsync() => shop = await Shop.Open("--choice", "approveRefundsAfterMinutes=0");

    public async Task DisposeAsync() => await shop.DisposeAsync();

    [Fact]
    public async Task A_refund_waits_and_once_approved_lowers_the_adjusted_totals_only()
    {
        var sale = await shop.Sold("GB", (await shop.Price("10000"), 1)); // 100.00, tax 20.00, fee 6.50
        var refund = (await shop.Adjust(sale, "refund", Items(sale, ("partial", "6000")))).Of("data");
        var before = await shop.Read(sale["id"]!);
        shop.Do(refund["id"]!, "approve");

        var after = await shop.Read(sale["id"]!);

        Assert.Equal(("pending_approval", "partial"), ((string)refund["status"]!, (string)refund["type"]!));
        Assert.Equal((5000L, 1000L, 6000L), (Amount(refund["totals"], "subtotal"), Amount(refund["totals"], "tax"), Amount(refund["totals"], "total")));
        // half of the fee goes with half of the sale
        Assert.Equal((325L, 4675L), (Amount(refund["totals"], "fee"), Amount(refund["totals"], "earnings")));
        Assert.Equal("12000", (string)before["details"]!["adjusted_totals"]!["total"]!);
        Assert.Equal("6000", (string)after["details"]!["adjusted_totals"]!["total"]!);
        Assert.Equal("12000", (string)after["details"]!["totals"]!["total"]!);
        Assert.Equal((string)sale["updated_at"]!, (string)after["updated_at"]!);
    }

    [Fact]
    public async Task Only_one_refund_can_wait_and_none_takes_more_than_is_left()
    {
        var sale = await shop.Sold("GB", (await shop.Price("10000"), 1));
        var first = await shop.Adjust(sale, "refund", Items(sale, ("partial", "7000")));
        var second = await shop.Adjust(sale, "refund", Items(sale, ("partial", "100")), HttpStatusCode.BadRequest);
        shop.Do(first["data"]!["id"]!, "approve");
        var third = await shop.Adjust(sale, "refund", Items(sale, ("partial", "5001")), HttpStatusCode.BadRequest);
        var rest = await shop.Adjust(sale, "refund", null);
        shop.Do(rest["data"]!["id"]!, "approve");
        var again = await shop.Adjust(sale, "refund", null, HttpStatusCode.BadRequest);

        Assert.Equal("adjustment_pending_refund_request", (string)second["error"]!["code"]!);
        Assert.Equal("adjustment_amount_above_remaining_allowed", (string)third["error"]!["code"]!);
        Assert.Equal("5000", (string)rest["data"]!["totals"]!["total"]!);
        Assert.Equal("adjustment_total_amount_above_remaining_allowed", (string)again["error"]!["code"]!);
        var adjusted = (await shop.Read(sale["id"]!))["details"]!["adjusted_payout_totals"];
        Assert.Equal((0L, 0L, 0L), (Amount(adjusted, "total"), Amount(adjusted, "fee"), Amount(adjusted, "earnings")));
    }

    [Fact]
    public async Task A_rejected_refund_leaves_everything_to_be_refunded()
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));
        var refused = await shop.Adjust(sale, "refund", null);
        shop.Do(refused["data"]!["id"]!, "reject");

        var next = await shop.Adjust(sale, "refund", null);

        Assert.Equal((string)sale["details"]!["totals"]!["total"]!, (string)next["data"]!["totals"]!["total"]!);
        Assert.Throws<Api.Refused>(() => shop.Do(refused["data"]!["id"]!, "approve"));
    }

    [Fact]
    public async Task A_refund_of_the_tax_alone_gives_its_share_of_the_fee_back()
    {
        var sale = await shop.Sold("GB", (await shop.Price("10000"), 1));

        var refund = (await shop.Adjust(sale, "refund", Items(sale, ("tax", null)))).Of("data");

        Assert.Equal((0L, 2000L, 2000L), (Amount(refund["totals"], "subtotal"), Amount(refund["totals"], "tax"), Amount(refund["totals"], "total")));
        Assert.Equal(-Amount(refund["totals"], "fee"), Amount(refund["totals"], "earnings"));
        Assert.Equal(108, Amount(refund["totals"], "fee")); // 650 × 2000 / 12000
    }

    [Fact]
    public async Task A_chargeback_that_is_won_stays_as_reversed_beside_what_undoes_it()
    {
        var sale = await shop.Sold("GB", (await shop.Price("4999", "GBP"), 2));
        var chargeback = shop.Do(sale["id"]!, "charge-back");
        shop.Do(chargeback["id"]!, "reverse");

        var all = (await shop.Sandbox.Get($"/adjustments?transaction_id={sale["id"]}&order_by=id[ASC]"))["data"]!.AsArray();

        Assert.Equal(["chargeback", "chargeback_reverse"], all.Select(one => (string)one!["action"]!));
        Assert.Equal(["reversed", "approved"], all.Select(one => (string)one!["status"]!));
        Assert.Equal((string)all[0]!["updated_at"]!, (string)all[1]!["created_at"]!);
        foreach (var field in new[] { "subtotal", "tax", "total", "fee", "earnings" })
        {
            Assert.Equal(0, Amount(all[0]!["totals"], field) + Amount(all[1]!["totals"], field));
            Assert.Equal(0, Amount(all[0]!["payout_totals"], field) + Amount(all[1]!["payout_totals"], field));
        }
        Assert.Equal("1500", (string)all[0]!["payout_totals"]!["chargeback_fee"]!["amount"]!);
        Assert.Equal((string)sale["details"]!["totals"]!["total"]!, (string)(await shop.Read(sale["id"]!))["details"]!["adjusted_totals"]!["total"]!);
    }

    [Fact]
    public async Task The_sum_of_adjustments_holds_what_was_reversed_beside_what_reversed_it_and_nothing_pending()
    {
        var sale = await shop.Sold("GB", (await shop.Price("10000", "GBP"), 1));
        async Task<JsonNode> Sum() => (await shop.Sandbox.Get($"/transactions/{sale["id"]}?include=adjustments_totals"))["data"]!["adjustments_totals"]!;

        var chargeback = shop.Do(sale["id"]!, "charge-back");
        var before = await Sum();
        shop.Do(chargeback["id"]!, "reverse");
        var after = await Sum();
        await shop.Adjust(sale, "refund", null);
        var pending = await Sum();

        Assert.Equal((12_000L, 12_000L), (Amount(before, "total"), Amount(before["breakdown"], "chargeback")));
        foreach (var field in new[] { "subtotal", "tax", "total", "fee", "earnings" }) Assert.Equal(0, Amount(after, field));
        Assert.Equal(0, Amount(after["breakdown"], "chargeback"));
        Assert.Equal(after.ToJsonString(), pending.ToJsonString());
    }

    [Fact]
    public async Task A_credit_is_for_an_invoice_that_is_not_paid_yet()
    {
        var body = shop.Body("GB", (await shop.Price("5000"), 2));
        body["collection_mode"] = "manual";
        body["billing_details"] = new JsonObject { ["payment_terms"] = new JsonObject { ["interval"] = "day", ["frequency"] = 14 } };
        body["status"] = "billed";
        var invoice = await shop.Order(body);
        var sale = await shop.Sold("GB", (await shop.Price("5000"), 1));

        var credit = (await shop.Adjust(invoice, "credit", Items(invoice, ("partial", "1200")))).Of("data");
        var refused = await shop.Adjust(sale, "credit", null, HttpStatusCode.BadRequest);
        var early = await shop.Adjust(invoice, "refund", null, HttpStatusCode.BadRequest);

        Assert.Equal(("approved", false), ((string)credit["status"]!, (bool)credit["credit_applied_to_balance"]!));
        Assert.Equal("adjustment_transaction_invalid_status_for_credit", (string)refused["error"]!["code"]!);
        Assert.Equal("adjustment_transaction_invalid_status_for_refund", (string)early["error"]!["code"]!);
        var lowered = (await shop.Read(invoice["id"]!))["details"]!;
        Assert.Equal(("12000", "1200", "10800", "10800"), (
            (string)lowered["totals"]!["total"]!, (string)lowered["totals"]!["credit"]!, (string)lowered["totals"]!["grand_total"]!,
            (string)lowered["totals"]!["balance"]!));
        Assert.Equal(("10800", "10800"), ((string)lowered["adjusted_totals"]!["total"]!, (string)lowered["adjusted_totals"]!["grand_total"]!));

        shop.Do(credit["id"]!, "reverse");
        var raised = (await shop.Read(invoice["id"]!))["details"]!;
        Assert.Equal(("0", "12000", "2000"), (
            (string)raised["totals"]!["credit"]!, (string)raised["totals"]!["grand_total"]!, (string)raised["totals"]!["grand_total_tax"]!));
        Assert.Equal("12000", (string)raised["adjusted_totals"]!["grand_total"]!);
    }

    [Fact]
    public async Task What_was_credited_before_is_not_paid_and_not_refunded()
    {
        var body = shop.Body("GB", (await shop.Price("5000"), 2));
        body["collection_mode"] = "manual";
        body["billing_details"] = new JsonObject { ["payment_terms"] = new JsonObject { ["interval"] = "day", ["frequency"] = 14 } };
        body["status"] = "billed";
        var invoice = await shop.Order(body);
        await shop.Adjust(invoice, "credit", Items(invoice, ("partial", "1200")));

        var paid = shop.Do(invoice["id"]!, "complete");
        var cent = (await shop.Adjust(paid, "refund", Items(paid, ("partial", "1")))).Of("data");
        Assert.Equal(("0", "1", "1"), ((string)cent["totals"]!["fee"]!, (string)cent["totals"]!["total"]!, (string)cent["payout_totals"]!["total"]!));
        shop.Do(cent["id"]!, "reject");
        var refund = (await shop.Adjust(paid, "refund", null)).Of("data");
        Assert.Equal("590", (string)refund["totals"]!["fee"]!);

        Assert.Equal("10800", (string)paid["payments"]![0]!["amount"]!);
        Assert.Equal("590", (string)paid["details"]!["totals"]!["fee"]!); // 5 % of what was paid, and 50 cents
        Assert.Equal("10800", (string)paid["details"]!["adjusted_payout_totals"]!["total"]!);
        Assert.Equal(("10800", "10800"), ((string)refund["totals"]!["total"]!, (string)refund["payout_totals"]!["total"]!));
    }

    [Fact]
    public async Task A_bank_can_warn_before_it_takes_money_back()
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));

        var warning = shop.Do(sale["id"]!, "warn");
        shop.Do(warning["id"]!, "reverse");

        var all = (await shop.Sandbox.Get($"/adjustments?transaction_id={sale["id"]}&order_by=id[ASC]"))["data"]!.AsArray();
        Assert.Equal(["chargeback_warning", "chargeback_warning_reverse"], all.Select(one => (string)one!["action"]!));
        Assert.Equal("1500", (string)warning["payout_totals"]!["chargeback_fee"]!["amount"]!);
    }

    [Fact]
    public async Task An_item_that_does_not_fit_is_named_with_its_place()
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));
        var good = (JsonObject)Items(sale, ("partial", "100"))[0]!;

        foreach (var (field, value) in new[] { ("amount", "a lot"), ("type", "some"), ("item_id", "txnitm_00000000000000000000000000") })
        {
            var bad = good.DeepClone().AsObject();
            bad[field] = value;
            var refused = await shop.Adjust(sale, "refund", [bad], HttpStatusCode.BadRequest);
            Assert.Equal($"items[0].{field}", (string)refused["error"]!["errors"]![0]!["field"]!);
        }
    }

    [Theory]
    [InlineData("0", "adjustment_amount_cannot_be_zero")]
    [InlineData("-5", "bad_request")]
    [InlineData("1.50", "bad_request")]
    [InlineData("99999999", "adjustment_amount_above_remaining_allowed")]
    public async Task An_amount_that_cannot_be_is_refused(string amount, string code)
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));

        var refused = await shop.Adjust(sale, "refund", Items(sale, ("partial", amount)), HttpStatusCode.BadRequest);

        Assert.Equal(code, (string)refused["error"]!["code"]!);
        Assert.Empty((await shop.Sandbox.Get("/adjustments"))["data"]!.AsArray());
    }

    [Fact]
    public async Task Adjustments_are_found_by_what_they_are_and_not_by_when()
    {
        var sale = await shop.Sold("US", (await shop.Price("2000"), 1));
        shop.Do(sale["id"]!, "charge-back");

        Assert.Single((await shop.Sandbox.Get("/adjustments?action=chargeback,refund&status=approved"))["data"]!.AsArray());
        Assert.Empty((await shop.Sandbox.Get("/adjustments?action=credit"))["data"]!.AsArray());
        var refused = await shop.Sandbox.Get("/adjustments?updated_at[GTE]=2024-01-01T00:00:00Z", HttpStatusCode.BadRequest);
        Assert.Equal("updated_at[GTE]", (string)refused["error"]!["errors"]![0]!["field"]!);
        await shop.Sandbox.Get("/adjustments?order_by=created_at[ASC]", HttpStatusCode.BadRequest);
    }

    private static JsonArray Items(JsonObject sale, params (string Type, string? Amount)[] items) => [.. items.Select((item, at) => new JsonObject
    {
        ["item_id"] = (string)sale["details"]!["line_items"]![at]!["id"]!,
        ["type"] = item.Type,
        ["amount"] = item.Amount,
    })];
}
