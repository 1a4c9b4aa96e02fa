using System.Net;
using System.Text.Json.Nodes;
using static Allocora.PaddleSandbox.Shop;

namespace Allocora.PaddleSandbox;

/// <summary>The life of a transaction that is made over the API.</summary>
public sealed class Selling_something : IAsyncLifetime
{
    private Shop shop = null!;

    public async Task InitializeAsync() => shop = await Shop.Open();

    public async Task DisposeAsync() => await shop.DisposeAsync();

    [Theory] // 12.00 a piece, tax on top or in it
    [InlineData("US", "external", 3, 3600, 320, 3920)] // 8.875 % of 36.00 is 3.195
    [InlineData("GB", "external", 1, 1200, 240, 1440)]
    [InlineData("GB", "internal", 3, 3000, 600, 3600)]
    [InlineData("DE", "internal", 7, 7056, 1344, 8400)] // 12.00 / 1.19 is 10.08 a piece
    [InlineData("US", "location", 1, 1200, 107, 1307)]
    [InlineData("DE", "location", 1, 1008, 192, 1200)]
    public async Task Tax_is_added_or_taken_out(string country, string mode, int quantity, long subtotal, long tax, long total)
    {
        var order = await shop.Order(country, (await shop.Price("1200", taxMode: mode), quantity));

        var totals = order["details"]!["totals"];
        Assert.Equal((subtotal, tax, total), (Amount(totals, "subtotal"), Amount(totals, "tax"), Amount(totals, "total")));
        Assert.Equal("ready", (string)order["status"]!);
        Assert.Equal(subtotal / quantity, Amount(order["details"]!["line_items"]![0]!["unit_totals"], "subtotal"));
    }

    [Theory]
    [InlineData("percentage", "10", 1000, 9000)]
    [InlineData("flat", "1500", 1500, 8500)]
    [InlineData("percentage", "100", 10_000, 0)]
    [InlineData("flat", "999999", 10_000, 0)]
    public async Task A_discount_is_spread_over_the_lines(string type, string amount, long off, long total)
    {
        var body = shop.Body("BR", (await shop.Price("3333"), 1), (await shop.Price("6667"), 1));
        body["discount_id"] = shop.Discount(type, amount, "USD");

        var details = (await shop.Order(body))["details"]!;

        Assert.Equal((off, total), (Amount(details["totals"], "discount"), Amount(details["totals"], "total")));
        Assert.Equal(off, details["line_items"]!.AsArray().Sum(line => Amount(line!["totals"], "discount")));
    }

    [Fact]
    public async Task A_dollar_sale_is_completed_with_the_fee_and_what_is_paid_out()
    {
        var sale = await shop.Sold("US", (await shop.Price("59900"), 1));

        var read = await shop.Read(sale["id"]!);
        var (totals, payout) = (read["details"]!["totals"], read["details"]!["payout_totals"]);
        // 599.00 and 8.875 % tax; 5 % of 652.16 and 50 cents
        Assert.Equal((65216L, 5316L, 3311L), (Amount(totals, "total"), Amount(totals, "tax"), Amount(totals, "fee")));
        Assert.Equal(65216 - 5316 - 3311, Amount(totals, "earnings"));
        Assert.Equal(("USD", "1", "56589"), ((string)payout!["currency_code"]!, (string)payout["exchange_rate"]!, (string)payout["earnings"]!));
        var payment = read["payments"]![0]!;
        Assert.Equal(("completed", "captured", "65216"), ((string)read["status"]!, (string)payment["status"]!, (string)payment["amount"]!));
        Assert.NotNull((string?)read["invoice_number"]);
    }

    [Theory]
    [InlineData("GBP", "GB", 10_000)]
    [InlineData("JPY", "JP", 10_000)]
    public async Task What_is_paid_out_for_another_currency_is_converted_part_by_part(string currency, string country, long price)
    {
        var sale = await shop.Sold(country, (await shop.Price($"{price}", currency), 1));

        var (totals, payout) = (sale["details"]!["totals"], sale["details"]!["payout_totals"]!);
        var rate = ((string)payout["exchange_rate"]!).Split('.');
        var digits = System.Numerics.BigInteger.Parse(rate[0] + rate[1], System.Globalization.CultureInfo.InvariantCulture);
        foreach (var field in new[] { "tax", "total", "fee" })
        {
            // half away from zero; a yen is 100 of the smallest unit, as a cent is 1
            var (over, under) = (Amount(totals, field) * digits * (currency == "JPY" ? 100 : 1), System.Numerics.BigInteger.Pow(10, rate[1].Length));
            Assert.Equal((long)(((2 * over) + under) / (2 * under)), Amount(payout, field));
        }
        Assert.Equal(Amount(payout, "total") - Amount(payout, "tax") - Amount(payout, "fee"), Amount(payout, "earnings"));
    }

    [Fact]
    public async Task An_invoice_is_billed_falls_due_and_is_paid_at_last()
    {
        var body = shop.Body("GB", (await shop.Price("5000"), 2));
        body["collection_mode"] = "manual";
        var refused = await shop.Sandbox.Post("/transactions", body.DeepClone(), HttpStatusCode.BadRequest);
        Assert.Equal("billing_details", (string)refused["error"]!["errors"]![0]!["field"]!);
        body["billing_details"] = new JsonObject { ["payment_terms"] = new JsonObject { ["interval"] = "day", ["frequency"] = 14 } };
        var order = await shop.Order(body);

        var billed = await shop.Sandbox.Patch($"/transactions/{order["id"]}", new JsonObject { ["status"] = "billed" });
        var change = new JsonObject { ["custom_data"] = new JsonObject() };
        var changed = await shop.Sandbox.Patch($"/transactions/{order["id"]}", change, HttpStatusCode.BadRequest);
        var due = shop.Do(order["id"]!, "fall-due");
        var paid = shop.Do(order["id"]!, "pay");

        Assert.Equal(("billed", "past_due", "paid"), ((string)billed["data"]!["status"]!, (string)due["status"]!, (string)paid["status"]!));
        Assert.Equal("transaction_immutable", (string)changed["error"]!["code"]!);
        Assert.Equal((string)billed["data"]!["invoice_number"]!, (string)paid["invoice_number"]!);
        Assert.Equal("0", (string)paid["details"]!["totals"]!["balance"]!);
        Assert.Null(paid["details"]!["payout_totals"]);
        Assert.Null((string?)paid["details"]!["totals"]!["earnings"]);
        Assert.Equal("completed", (string)shop.Do(order["id"]!, "complete")["status"]!);
    }

    [Fact]
    public async Task An_invoice_is_in_one_of_three_currencies_and_revised_once()
    {
        var body = shop.Body("JP", (await shop.Price("5000", "JPY"), 1));
        body["collection_mode"] = "manual";
        body["billing_details"] = new JsonObject { ["payment_terms"] = new JsonObject { ["interval"] = "day", ["frequency"] = 14 } };
        var refused = await shop.Sandbox.Post("/transactions", body, HttpStatusCode.BadRequest);
        Assert.Equal("currency_code", (string)refused["error"]!["errors"]![0]!["field"]!);

        var sale = await shop.Sold("GB", (await shop.Price("5000"), 1));
        var revision = new JsonObject { ["customer"] = new JsonObject { ["name"] = "Robin" } };
        var revised = await shop.Sandbox.Post($"/transactions/{sale["id"]}/revise", revision.DeepClone(), HttpStatusCode.OK);
        Assert.NotNull((string?)revised["data"]!["revised_at"]);
        await shop.Sandbox.Post($"/transactions/{sale["id"]}/revise", revision.DeepClone(), HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("updated_at[")]
    [InlineData("updated_at[]")]
    [InlineData("updated_at[GTE")]
    [InlineData("updated_at[EQ]")]
    public async Task A_time_is_compared_in_four_ways_only(string parameter)
    {
        var refused = await shop.Sandbox.Get($"/transactions?{parameter}=2026-10-01T00:00:00Z", HttpStatusCode.BadRequest);

        Assert.Equal(parameter, (string)refused["error"]!["errors"]![0]!["field"]!);
    }

    [Fact]
    public async Task Without_a_customer_it_is_a_draft_and_cannot_be_paid()
    {
        var draft = await shop.Order(new JsonObject { ["items"] = shop.Body("US", (await shop.Price("500"), 1))["items"]!.DeepClone() });

        Assert.Equal("draft", (string)draft["status"]!);
        Assert.Throws<Api.Refused>(() => shop.Do(draft["id"]!, "complete"));
        var buyer = new JsonObject { ["customer_id"] = Customer, ["address_id"] = shop.Address("GB") };
        var ready = await shop.Sandbox.Patch($"/transactions/{draft["id"]}", buyer);
        Assert.Equal(("ready", "100"), ((string)ready["data"]!["status"]!, (string)ready["data"]!["details"]!["totals"]!["tax"]!));
    }

    [Fact]
    public async Task What_is_not_in_the_catalogue_is_in_the_transaction_only()
    {
        var body = shop.Body("GB", ("pri_x", 1));
        body["items"] = new JsonArray(new JsonObject
        {
            ["quantity"] = 2,
            ["price"] = new JsonObject
            {
                ["description"] = "For you",
                ["unit_price"] = new JsonObject { ["amount"] = "700", ["currency_code"] = "GBP" },
                ["product"] = new JsonObject { ["name"] = "A favour", ["tax_category"] = "standard" },
            },
        });

        var order = await shop.Order(body);

        Assert.Equal(("custom", "custom", "1400"), (
            (string)order["items"]![0]!["price"]!["type"]!, (string)order["details"]!["line_items"]![0]!["product"]!["type"]!,
            (string)order["details"]!["totals"]!["subtotal"]!));
        var product = (string)order["details"]!["line_items"]![0]!["product"]!["id"]!;
        Assert.Empty((await shop.Sandbox.Get($"/products?status=active,archived&id={product}"))["data"]!.AsArray());
    }

    [Fact]
    public async Task A_preview_counts_what_it_is_told_to_and_stores_nothing()
    {
        var (first, second) = (await shop.Price("1000"), await shop.Price("9000"));

        var preview = (await shop.Sandbox.Post("/transactions/preview", new JsonObject
        {
            ["items"] = new JsonArray(
                new JsonObject { ["price_id"] = first, ["quantity"] = 2 },
                new JsonObject { ["price_id"] = second, ["quantity"] = 1, ["include_in_totals"] = false }),
            ["address"] = new JsonObject { ["country_code"] = "US", ["postal_code"] = "10021" },
        }, HttpStatusCode.OK)).Of("data");

        Assert.Equal(("2000", "178"), ((string)preview["details"]!["totals"]!["subtotal"]!, (string)preview["details"]!["totals"]!["tax"]!));
        Assert.Single(preview["details"]!["line_items"]!.AsArray());
        Assert.Equal(2, preview["items"]!.AsArray().Count);
        Assert.Empty((await shop.Sandbox.Get("/transactions"))["data"]!.AsArray());
    }

    [Fact]
    public async Task An_invoice_link_is_for_what_was_billed_and_costs_something()
    {
        var (price, free) = (await shop.Price("100"), await shop.Price("0"));
        var sale = await shop.Sold("US", (price, 1));
        var nothing = await shop.Sold("US", (free, 1));
        var open = await shop.Order("US", (price, 1));

        Assert.StartsWith("http", (string)(await shop.Sandbox.Get($"/transactions/{sale["id"]}/invoice"))["data"]!["url"]!, StringComparison.Ordinal);
        await shop.Sandbox.Get($"/transactions/{nothing["id"]}/invoice", HttpStatusCode.BadRequest);
        await shop.Sandbox.Get($"/transactions/{open["id"]}/invoice", HttpStatusCode.BadRequest);
        Assert.Equal("0", (string)nothing["details"]!["totals"]!["fee"]!);
        Assert.Empty(nothing["payments"]!.AsArray());
    }
}
