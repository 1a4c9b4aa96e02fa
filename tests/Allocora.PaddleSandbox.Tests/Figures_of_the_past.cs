using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;
using Allocora.Testing;

namespace Allocora.PaddleSandbox;

/// <summary>The arithmetic of Paddle's own examples, on every row of many histories, reckoned here anew.</summary>
public sealed class Figures_of_the_past
{
    private static readonly string[] Sums = ["subtotal", "discount", "tax", "total"], Net = ["subtotal", "tax", "total"];

    public static TheoryData<long, string> Histories()
    {
        var histories = new TheoryData<long, string>();
        for (var seed = 1; seed <= TestSize.Of(40, atLeast: 4); seed++) histories.Add(seed, ((string[])["USD", "EUR", "GBP", "CZK", "HUF"])[seed % 5]);
        return histories;
    }

    [Theory]
    [MemberData(nameof(Histories))]
    public void Every_transaction_adds_up(long seed, string payout)
    {
        var (past, options) = History(seed, payout);
        foreach (var now in Times(options))
        {
            for (var number = 0; number < past.Transactions.Count(now); number += now == options.Until ? 1 : 7)
            {
                var sale = past.Transactions.Render(number, now);
                try
                {
                    Check(sale);
                    CheckPayout(sale);
                }
                catch (Exception wrong)
                {
                    throw new InvalidOperationException($"Seed {seed}, transaction {number}: {wrong.Message}\n{sale}", wrong);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Histories))]
    public void Every_adjustment_adds_up_and_takes_no_more_than_there_was(long seed, string payout)
    {
        var (past, options) = History(seed, payout);
        var end = options.Until + 900 * Instants.Day;
        for (var number = 0; number < past.Transactions.Count(end); number++)
        {
            var adjustments = past.AdjustmentsOf(number).Select(one => past.Adjustments.Render(one, end)).ToArray();
            if (adjustments.Length == 0) continue;
            var sale = past.Transactions.Render(number, end);
            foreach (var one in adjustments) CheckAdjustment(sale, one);
            CheckLeft(sale, adjustments);
            CheckAdjusted(sale, adjustments);
        }
    }

    private static void Check(JsonObject sale)
    {
        var (details, totals) = (sale.Of("details"), sale.Of("details").Of("totals"));
        Assert.Equal(Of(totals, "subtotal") - Of(totals, "discount") + Of(totals, "tax"), Of(totals, "total"));
        Assert.Equal(Of(totals, "total") - Of(totals, "credit") + Of(totals, "credit_to_balance"), Of(totals, "grand_total"));
        Assert.InRange(Of(totals, "grand_total"), 0, long.MaxValue);
        foreach (var field in Sums)
        {
            Assert.Equal(Of(totals, field), details["line_items"]!.AsArray().Sum(line => Of(line!.AsObject().Of("totals"), field)));
            Assert.Equal(Of(totals, field), details["tax_rates_used"]!.AsArray().Sum(rate => Of(rate!.AsObject().Of("totals"), field)));
        }
        foreach (var line in details["line_items"]!.AsArray().Select(line => line!.AsObject()))
        {
            if (line["proration"] is null) Assert.Equal(Of(line.Of("totals"), "subtotal"), Of(line.Of("unit_totals"), "subtotal") * (int)line["quantity"]!);
            Assert.Equal(Of(line.Of("totals"), "subtotal") - Of(line.Of("totals"), "discount") + Of(line.Of("totals"), "tax"), Of(line.Of("totals"), "total"));
        }
        var isSettled = (string)sale["status"]! == "completed";
        Assert.False(isSettled && totals["fee"] is null);
        Assert.Equal(totals["fee"] is null, details["payout_totals"] is null);
        Assert.Equal(totals["fee"] is null, details["adjusted_payout_totals"] is null);
        if (totals["fee"] is null) return;
        Assert.Contains((string)sale["status"]!, (string[])["paid", "completed"]);
        Assert.Equal(Of(totals, "total") - Of(totals, "tax") - Of(totals, "fee"), Of(totals, "earnings"));
        Assert.Equal(0, Of(totals, "balance"));
        var paid = sale["payments"]!.AsArray().Where(payment => (string)payment!["status"]! == "captured").ToArray();
        if (paid.Length > 0) Assert.Equal(Of(totals, "grand_total"), Of(paid.Single()!.AsObject(), "amount"));
    }

    private static void CheckPayout(JsonObject sale)
    {
        if (sale.Of("details")["payout_totals"] is not JsonObject payout) return;
        var (totals, adjusted) = (sale.Of("details").Of("totals"), sale.Of("details").Of("adjusted_payout_totals"));
        Assert.Equal(Of(payout, "subtotal") - Of(payout, "discount") + Of(payout, "tax"), Of(payout, "total"));
        Assert.Equal(Of(payout, "total") - Of(payout, "tax") - Of(payout, "fee"), Of(payout, "earnings"));
        foreach (var field in (string[])["subtotal", "discount", "tax", "total", "grand_total", "grand_total_tax", "fee", "credit", "credit_to_balance"])
            Assert.InRange(Of(payout, field) - Converted(sale, Of(totals, field)), field == "subtotal" ? -1 : 0, field == "subtotal" ? 1 : 0);
        Assert.Equal((string)payout["exchange_rate"]!, (string)adjusted["exchange_rate"]!);
        if ((string)sale["currency_code"]! == (string)payout["currency_code"]!) Assert.Equal("1", (string)payout["exchange_rate"]!);
    }

    private static void CheckAdjustment(JsonObject sale, JsonObject adjustment)
    {
        var (totals, payout) = (adjustment.Of("totals"), adjustment.Of("payout_totals"));
        foreach (var amounts in (JsonObject[])[totals, payout])
        {
            Assert.Equal(Of(amounts, "subtotal") + Of(amounts, "tax"), Of(amounts, "total"));
            Assert.Equal(Of(amounts, "subtotal") - Of(amounts, "fee"), Of(amounts, "earnings"));
        }
        foreach (var field in Net)
        {
            Assert.Equal(Of(totals, field), adjustment["items"]!.AsArray().Sum(item => Of(item!.AsObject().Of("totals"), field)));
            Assert.Equal(Of(totals, field), adjustment["tax_rates_used"]!.AsArray().Sum(item => Of(item!.AsObject().Of("totals"), field)));
        }
        var isReverse = ((string)adjustment["action"]!).EndsWith("_reverse", StringComparison.Ordinal);
        Assert.True(isReverse ? Of(totals, "total") < 0 : Of(totals, "total") > 0, $"{adjustment["id"]} takes {totals["total"]}");
        Assert.InRange(Of(payout, "total") - Converted(sale, Of(totals, "total")), -1, 1);
        Assert.Equal(((string)sale["id"]!, (string)sale["customer_id"]!, (string?)sale["subscription_id"]),
            ((string)adjustment["transaction_id"]!, (string)adjustment["customer_id"]!, (string?)adjustment["subscription_id"]));
        Assert.Equal((string)sale["currency_code"]!, (string)adjustment["currency_code"]!);
        if (adjustment["items"]!.AsArray().All(item => (string)item!["type"]! == "tax"))
            Assert.Equal((0, true), (Of(totals, "subtotal"), Of(totals, "earnings") <= 0));
    }

    private static void CheckLeft(JsonObject sale, JsonObject[] adjustments)
    {
        var lines = sale.Of("details")["line_items"]!.AsArray().ToDictionary(line => (string)line!["id"]!, line =>
            (Sub: Of(line!.AsObject().Of("totals"), "subtotal") - Of(line.AsObject().Of("totals"), "discount"), Tax: Of(line.AsObject().Of("totals"), "tax")));
        foreach (var adjustment in adjustments.Where(one => (string)one["status"]! != "rejected"))
        {
            foreach (var item in adjustment["items"]!.AsArray().Select(item => item!.AsObject()))
            {
                var (sub, tax) = lines[(string)item["item_id"]!];
                lines[(string)item["item_id"]!] = (sub, tax) = (sub - Of(item.Of("totals"), "subtotal"), tax - Of(item.Of("totals"), "tax"));
                Assert.True(sub >= 0 && tax >= 0, $"{adjustment["id"]} takes more of {item["item_id"]} than was left: {sub} and {tax}");
            }
        }
    }

    private static void CheckAdjusted(JsonObject sale, JsonObject[] adjustments)
    {
        var details = sale.Of("details");
        if (details["payout_totals"] is null) return;
        var counted = adjustments.Where(one => (string)one["status"]! is "approved" or "reversed").ToArray();
        foreach (var (sold, adjusted, taken) in ((string, string, string)[])
            [("totals", "adjusted_totals", "totals"), ("payout_totals", "adjusted_payout_totals", "payout_totals")])
        {
            var (from, to) = (details.Of(sold), details.Of(adjusted));
            Assert.Equal(Of(from, "subtotal") - Of(from, "discount") - counted.Sum(one => Of(one.Of(taken), "subtotal")), Of(to, "subtotal"));
            foreach (var field in (string[])["tax", "total", "fee", "earnings"])
                Assert.Equal(Of(from, field) - counted.Sum(one => Of(one.Of(taken), field)), Of(to, field));
            Assert.Equal(counted.Sum(one => Of(one.Of(taken), "retained_fee")), Of(to, "retained_fee"));
            Assert.Equal(Of(to, "subtotal") + Of(to, "tax"), Of(to, "total"));
            Assert.Equal(Of(to, "subtotal") - Of(to, "fee"), Of(to, "earnings"));
        }
        var disputes = counted.Select(one => one.Of("payout_totals")["chargeback_fee"]?.AsObject()).OfType<JsonObject>().Sum(fee => Of(fee, "amount"));
        Assert.Equal(disputes, Of(details.Of("adjusted_payout_totals").Of("chargeback_fee"), "amount"));
    }

    private static long Converted(JsonObject sale, long amount)
    {
        var rate = (string)sale.Of("details").Of("payout_totals")["exchange_rate"]!;
        var places = rate.Contains('.') ? rate.Length - rate.IndexOf('.') - 1 : 0;
        var shift = (string)sale["currency_code"]! is "JPY" or "KRW" ? 2 : 0;
        var over = BigInteger.Abs(amount) * BigInteger.Parse(rate.Replace(".", ""), CultureInfo.InvariantCulture) * BigInteger.Pow(10, shift);
        var under = BigInteger.Pow(10, places);
        return Math.Sign(amount) * (long)(((over * 2) + under) / (under * 2));
    }

    private static long Of(JsonObject totals, string field) => long.Parse((string)totals[field]!, CultureInfo.InvariantCulture);

    private static long[] Times(Options options) => [options.Until - (200 * Instants.Day), options.Until, options.Until + (500 * Instants.Day)];

    private static (Past Past, Options Options) History(long seed, string payout)
    {
        var options = new Options { Seed = seed, Payout = payout, Transactions = TestSize.Of(12_000, atLeast: 1_500) };
        return (Past.Of(options), options);
    }
}
