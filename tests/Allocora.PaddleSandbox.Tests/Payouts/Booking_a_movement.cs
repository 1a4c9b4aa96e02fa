using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Payouts;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>The arithmetic of one balance movement.</summary>
public sealed class Booking_a_movement
{
    private static readonly Choices Usual = new();
    private readonly JsonObject sale = Verbatim.Sale(1, "2026-11-10T10:00:00Z", 100_000, 18_000, 10_000, "GBP", "1.25");

    [Theory]
    [InlineData("no", 4_950)]
    [InlineData("yes", 4_960)]
    public void The_retained_fee_is_taken_once_whether_the_earnings_hold_it_or_not(string holds, int earnings)
    {
        var dollars = Verbatim.Sale(1, "2026-11-10T10:00:00Z", 100_000);
        var refund = Verbatim.Adjustment(1, dollars, "refund", "2026-11-11T10:00:00Z", 5_000, 1_000, 50, retained: 10);
        refund["payout_totals"]!["earnings"] = $"{earnings}";
        var movement = Movement.OfAdjustment(refund, null, Usual with { EarningsHoldRetainedFee = holds });

        Assert.Equal((-4_960, 10), (movement.Amount, movement.InBalance.Retained));
    }

    [Theory]
    [InlineData("less", "1.275510204082")]
    [InlineData("divided", "1.275000000000")]
    public void The_base_rate_is_the_final_one_without_the_margin(string how, string expected)
    {
        var movement = Movement.OfSale(sale, Usual with { ExchangeMargin = how });

        Assert.Equal(expected, movement.Conversion!.AtBase.Rate.ToString());
        Assert.Equal(Verbatim.Whole(sale["details"]!["payout_totals"]!, "earnings"), movement.Amount);
    }

    [Fact]
    public void The_margin_that_is_told_is_the_one_that_history_takes()
    {
        var rates = new Rates(7);
        for (var day = 0; day < 30; day++)
        {
            var at = day * Instants.Day;
            var final = rates.Exchange("GBP", "USD", at).Rate;
            var told = Movement.OfSale(Verbatim.Sale(1, "2026-11-10T10:00:00Z", 100_000, currency: "GBP", rate: final.ToString()), Usual).Conversion!;

            Assert.Equal("0.02", told.Margin.ToString());
            Assert.Equal(rates.Base("GBP", "USD", at).ToString(), told.AtBase.Rate.ToString().TrimEnd('0'));
        }
    }

    [Fact]
    public void A_rate_that_is_not_told_is_in_what_the_sale_came_to()
    {
        sale["details"]!["payout_totals"]!.AsObject().Remove("exchange_rate");

        var movement = Movement.OfSale(sale, Usual);

        Assert.Equal("1.250000000000", movement.Conversion!.AtFinal.Rate.ToString());
    }

    [Fact]
    public void A_refund_takes_its_part_of_the_discount_back()
    {
        var movement = Movement.OfAdjustment(Verbatim.Adjustment(1, sale, "refund", "2026-11-11T10:00:00Z", 45_000, 9_000, 0), sale, Usual);

        Assert.Equal((-54_000, -9_000, -5_000, -50_000),
            (movement.InTransaction.Gross, movement.InTransaction.Tax, movement.InTransaction.Discount, movement.InTransaction.Subtotal));
    }

    [Fact]
    public void The_fee_of_a_chargeback_is_in_the_currency_of_the_sale_what_it_was_there()
    {
        var dispute = Verbatim.Adjustment(1, sale, "chargeback", "2026-11-11T10:00:00Z", 45_000, 9_000, 0, chargebackFee: 2_000);
        var converted = Movement.OfAdjustment(dispute, sale, Usual);
        dispute["payout_totals"]!["chargeback_fee"]!["original"] = new JsonObject { ["amount"] = "1500", ["currency_code"] = "GBP" };
        var original = Movement.OfAdjustment(dispute, sale, Usual);

        Assert.Equal((1_600, 2_000), (converted.InTransaction.ChargebackFee, converted.InBalance.ChargebackFee));
        Assert.Equal((1_500, 2_000), (original.InTransaction.ChargebackFee, original.InBalance.ChargebackFee));
        Assert.Equal(-56_250 - 2_000, original.Amount);
    }

    [Theory] // 15.00 dollars by the fixed worth of a currency
    [InlineData("USD", -1_500)]
    [InlineData("HUF", -545_455)]
    [InlineData("CZK", -34_642)]
    public void What_the_bank_takes_and_what_is_given_back_are_dollars_worth_in_the_currency(string currency, int fee)
    {
        Assert.Equal(fee, Extras.SwiftFee(Usual, currency, 0)!.Amount);
        var inDollars = Enumerable.Range(24_310, 40).Select(month => Extras.Rebate(new Options(), Usual, month)).OfType<Movement>().ToList();
        var rebates = Enumerable.Range(24_310, 40).Select(month => Extras.Rebate(new Options { Payout = currency }, Usual, month)).OfType<Movement>().ToList();
        Assert.True(rebates.Count > 3);
        Assert.All(rebates.Zip(inDollars), pair => Assert.InRange((pair.First.Amount * 1_500) + (pair.Second.Amount * fee), fee, -fee));
    }

    [Fact]
    public void What_has_no_amounts_moves_nothing()
    {
        var payout = new JsonObject { ["total"] = "x" };
        var broken = new JsonObject { ["details"] = new JsonArray(), ["items"] = "none", ["totals"] = 7, ["payout_totals"] = payout };

        Assert.Equal(0, Movement.OfSale(broken, Usual).Amount);
        Assert.Equal(0, Movement.OfAdjustment(broken, broken, Usual).Amount);
    }
}
