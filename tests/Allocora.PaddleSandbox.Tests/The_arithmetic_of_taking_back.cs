using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>The arithmetic of refunds, credits and chargebacks, on sales as chance makes them.</summary>
public sealed class The_arithmetic_of_taking_back
{
    [Fact]
    public void The_parts_sum_to_the_sale_in_both_currencies()
    {
        for (var number = 0; number < 2_000; number++)
        {
            var dice = Dice.Of(7).For(1, number);
            var sale = Sale(dice);
            var parts = new List<Adjusted>();
            for (var part = 0; part < dice.Below(4, 20); part++)
            {
                var left = Adjusting.Left(sale, parts).Sum(one => one.Total);
                if (left < 2) break;
                parts.Add(Adjusting.Of(sale, parts, Adjusting.Spread(sale, parts, dice.Between(1, left - 1, 30 + part)), new(dice.Below(100, 40), 2)));
            }
            parts.Add(Adjusting.Of(sale, parts, Adjusting.Everything(sale, parts)));

            Assert.Equal(sale.Lines.Sum(line => line.Net.Subtotal), parts.Sum(part => part.Totals.Net.Subtotal));
            Assert.Equal(sale.Lines.Sum(line => line.Net.Tax), parts.Sum(part => part.Totals.Net.Tax));
            Assert.Equal(sale.Fee, parts.Sum(part => part.Totals.Fee));
            Assert.Equal(sale.Exchange.Convert(sale.Net.Total), parts.Sum(part => part.Payout.Net.Total));
            Assert.Equal(sale.Exchange.Convert(sale.Net.Tax), parts.Sum(part => part.Payout.Net.Tax));
            Assert.Equal(sale.Exchange.Convert(sale.Fee), parts.Sum(part => part.Payout.Fee));
            Assert.All(parts, part => Assert.Equal(part.Totals.Net.Total, part.Items.Sum(item => item.Net.Subtotal + item.Net.Tax)));
            Assert.All(parts, part => Assert.InRange(part.Totals.RetainedFee, 0, part.Totals.Fee));
        }
    }

    [Fact]
    public void Taking_back_the_tax_alone_gives_the_seller_the_fee_on_it()
    {
        var sale = new Adjustable([new("txnitm_1", new(2, 1), new(10_000, 2_000))], 650, new("USD", "USD", Ratio.One));

        var taken = Adjusting.Of(sale, [], [new("txnitm_1", Part.Tax)]);

        Assert.Equal((0, 2_000, 108, -108), (taken.Totals.Net.Subtotal, taken.Totals.Net.Tax, taken.Totals.Fee, taken.Totals.Earnings(false)));
    }

    [Fact]
    public void What_was_reversed_can_be_taken_back_again_and_more_than_is_left_cannot()
    {
        var sale = new Adjustable([new("txnitm_1", new(19, 2), new(1_000, 190))], 110, new("EUR", "USD", new(10_633_127, 7)));
        var first = Adjusting.Of(sale, [], Adjusting.Everything(sale, []));

        Assert.Throws<ArgumentException>(() => Adjusting.Of(sale, [first], [new("txnitm_1", Part.Partial, 1)]));
        Assert.Throws<ArgumentException>(() => Adjusting.Of(sale, [], [new("txnitm_1", Part.Partial, 1_191)]));
        Assert.Throws<ArgumentException>(() => Adjusting.Of(sale, [], [new("txnitm_2", Part.Full)]));
        var again = Adjusting.Of(sale, [first, first.Reverse()], Adjusting.Everything(sale, [first, first.Reverse()]));
        Assert.Equal((first.Totals, first.Payout), (again.Totals, again.Payout));
        Assert.Equal(1_190, again.Totals.Net.Total);
    }

    [Fact]
    public void An_amount_before_tax_has_its_tax_on_top()
    {
        var sale = new Adjustable([new("txnitm_1", new(19, 2), new(1_000, 190))], 110, new("EUR", "EUR", Ratio.One));

        var taken = Adjusting.Of(sale, [], [new("txnitm_1", Part.Partial, 100, BeforeTax: true)]);

        Assert.Equal(new Net(100, 19), taken.Totals.Net);
    }

    [Fact]
    public void From_the_objects_of_the_API_it_comes_to_the_same_as_in_the_past()
    {
        var options = new Options { Transactions = 3_000, Seed = 9 };
        var (past, end, compared) = (Past.Of(options), options.Until + (900 * Instants.Day), 0);
        for (var number = 0; number < options.Transactions; number++)
        {
            var adjustments = past.AdjustmentsOf(number).Select(one => past.Adjustments.Render(one, end)).ToArray();
            if (adjustments.Length == 0 || (string)adjustments[0]["action"]! == "credit") continue;
            var sale = AdjustingJson.Sale(past.Transactions.Render(number, end), new("USD", "USD", Ratio.One));
            var earlier = new List<Adjusted>();
            foreach (var adjustment in adjustments)
            {
                var figures = AdjustingJson.Figures(adjustment);
                if (figures.Totals.Net.Total > 0)
                {
                    var wanted = adjustment["items"]!.AsArray().Select(item => new Wanted(
                        (string)item!["item_id"]!, Enum.Parse<Part>((string)item["type"]!, true), long.Parse((string)item["amount"]!))).ToArray();
                    var again = Adjusting.Of(sale, earlier, wanted, Ratio.One);
                    var expected = figures.Totals with { RetainedFee = again.Totals.RetainedFee };
                    Assert.Equal((expected, figures.Payout with { RetainedFee = again.Payout.RetainedFee }), (again.Totals, again.Payout));
                    Assert.Equal(again.Totals.Fee, again.Totals.RetainedFee);
                    var rates = AdjustingJson.TaxRatesUsed(again);
                    Assert.True(JsonNode.DeepEquals(adjustment["tax_rates_used"], rates), rates.ToJsonString());
                    compared++;
                }
                if ((string)adjustment["status"]! != "rejected") earlier.Add(figures);
            }
        }
        Assert.True(compared > 100);
    }

    [Fact]
    public void A_sale_is_paid_out_at_the_rate_of_its_day_less_the_margin()
    {
        var options = new Options { Transactions = 2_000, Seed = 6 };
        var (past, noisy, currencies) = (Past.Of(options), 0, new HashSet<string>());
        for (var number = 0; number < options.Transactions; number++)
        {
            var sale = past.Transactions.Render(number, options.Until);
            if (sale.Of("details")["payout_totals"] is not JsonObject payout || (string)sale["currency_code"]! == "USD") continue;
            currencies.Add((string)sale["currency_code"]!);
            var rate = past.Rates.Base((string)sale["currency_code"]!, "USD", Instants.Parse((string)sale["created_at"]!)!.Value);
            var shown = Ratio.Parse((string)payout["exchange_rate"]!)!.Value;
            var (wanted, got) = (rate.Digits * 98 * Tens(20 - rate.Places - 2), shown.Digits * Tens(20 - shown.Places));
            if (got != wanted) noisy++;
            Assert.InRange(got - wanted, -2 * Tens(4), 0);
        }
        Assert.True(noisy > 10 && currencies.Count > 10, $"{noisy} noisy rates, {currencies.Count} currencies");
    }

    private static Int128 Tens(int power) => power == 0 ? 1 : 10 * Tens(power - 1);

    private static Adjustable Sale(Dice dice)
    {
        var lines = Enumerable.Range(0, 1 + dice.Below(4, 1))
            .Select(line => (Line: line, Net: new Net(dice.Between(1, 90_000, 2 + line), dice.Between(0, 9_000, 6 + line))))
            .Select(one => new AdjustableLine($"txnitm_{one.Line}", new(dice.Below(30, 10 + one.Line), 2), one.Net))
            .ToArray();
        var fee = Totals.Fee(lines.Sum(line => line.Net.Total), 50);
        var currency = dice.Pick(["USD", "EUR", "JPY", "KRW", "SEK"], 15);
        return new(lines, fee, new Rates(3).Exchange(currency, "USD", dice.Between(20_000, 20_700, 16) * Instants.Day));
    }
}
