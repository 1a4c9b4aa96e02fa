using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using static Allocora.PaddleSandbox.Shop;

namespace Allocora.PaddleSandbox;

/// <summary>Numbers reckoned on paper.</summary>
public sealed class The_arithmetic_by_hand
{
    [Theory] // half a dollar by the fixed worth of a currency
    [InlineData("USD", 50)]
    [InlineData("EUR", 46)] // 0.50 / 1.085
    [InlineData("JPY", 75)] // 0.50 / 0.00668, and a yen has no cents
    [InlineData("KRW", 689)] // 0.50 / 0.000726
    [InlineData("CLP", 472)] // 0.50 / 0.00106
    [InlineData("VND", 12_658)] // 0.50 / 0.0000395
    [InlineData("HUF", 18_182)] // 0.50 / 0.00275
    public void Fifty_cents_are_as_much_in_every_currency(string currency, long fee) => Assert.Equal(fee, Rates.FiftyCents(currency));

    [Fact]
    public async Task A_sale_of_yen_costs_five_percent_and_75_yen()
    {
        await using var shop = await Shop.Open();

        var sale = await shop.Sold("BR", (await shop.Price("10000", "JPY"), 1));

        Assert.Equal(("10000", "575", "9425"), (
            (string)sale["details"]!["totals"]!["total"]!, (string)sale["details"]!["totals"]!["fee"]!, (string)sale["details"]!["totals"]!["earnings"]!));
    }

    [Theory] // 9.99 with 19 % in it is 8.39 a piece; 10 % off three of them are 3.00, of which 2.52 are off the price
    [InlineData("percentage", "10", 2_517, 252, 432, 2_697)]
    [InlineData("flat", "300", 2_517, 252, 432, 2_697)]
    [InlineData("percentage", "100", 2_517, 2_518, 1, 0)]
    public async Task A_discount_on_a_price_that_holds_the_tax_takes_its_part_of_the_tax(
        string type, string amount, long subtotal, long discount, long tax, long total)
    {
        await using var shop = await Shop.Open();
        var body = shop.Body("DE", (await shop.Price("999", "EUR", "internal"), 3));
        body["discount_id"] = shop.Discount(type, amount, "EUR");

        var totals = (await shop.Order(body))["details"]!["totals"];

        Assert.Equal((subtotal, discount), (Amount(totals, "subtotal"), Amount(totals, "discount")));
        Assert.Equal((tax, total), (Amount(totals, "tax"), Amount(totals, "total")));
    }

    [Fact]
    public async Task A_change_of_what_a_price_depends_on_prices_it_anew()
    {
        await using var shop = await Shop.Open();
        var price = await shop.Price("10000");
        async Task<JsonNode> Changed(string field, string value)
        {
            var order = await shop.Order("US", (price, 1));
            Assert.Equal("10888", (string)order["details"]!["totals"]!["total"]!); // 8.875 % on top
            var changed = await shop.Sandbox.Patch($"/transactions/{order["id"]}", new JsonObject { [field] = value });
            return changed["data"]!["details"]!["totals"]!;
        }

        var reduced = await Changed("discount_id", shop.Discount("percentage", "10"));
        var moved = await Changed("address_id", shop.Address("GB"));
        var converted = await Changed("currency_code", "EUR");

        Assert.Equal((1000L, 799L, 9799L), (Amount(reduced, "discount"), Amount(reduced, "tax"), Amount(reduced, "total")));
        Assert.Equal((2000L, 12_000L), (Amount(moved, "tax"), Amount(moved, "total")));
        Assert.Equal("EUR", (string)converted["currency_code"]!);
        Assert.InRange(Amount(converted, "subtotal"), 8_400, 9_990); // a euro is worth about 1.085
    }
}
