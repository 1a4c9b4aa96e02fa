using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests;

/// <summary>P-ORD: in whatever order versions are seen, and however often, the stream comes to the same.</summary>
public sealed class The_order_does_not_matter
{
    private static readonly int Cases = TestSize.Of(100_000);

    public static TheoryData<int> Seeds => [Random.Shared.Next(1, int.MaxValue)];

    [Theory, MemberData(nameof(Seeds))]
    public void Of_a_sale(int seed)
    {
        var random = new Random(seed);
        for (var n = 0; n < Cases; n++)
        {
            var seen = Enumerable.Range(0, random.Next(1, 9)).Select(_ => Version(random))
                .DistinctBy(s => Sight.VersionOf(s.Seen, s.Sale.UpdatedAt)).ToList();
            var expected = Versions<PaddleTransaction>.Of([.. seen.Select(s => Sale.SightOf(s.Sale, s.Seen))], Sale.Rules);
            var delivered = Delivered(seen, random);
            var (state, told) = Run(Sale.Decider, delivered, (sale, s) => Sale.Decide(sale, s.Sale, s.Seen));
            Same(expected, state.Versions, $"case {n}");
            if (expected.Current is { } current)
            {
                var amounts = SaleContent.SettledAs(current.Body, expected.Settled?.Body);
                Assert.Equal(SaleContent.AmountsOf(amounts), Sum(told));
                Assert.Single(told.OfType<TransactionRecorded>());
                Assert.True(told.OfType<TransactionSettled>().Count() <= 1);
            }
            else
            {
                Assert.DoesNotContain(told, e => e is TransactionRecorded or TransactionRevised or TransactionSettled);
            }
        }
    }

    [Theory, MemberData(nameof(Seeds))]
    public void Of_an_adjustment(int seed)
    {
        var random = new Random(seed);
        for (var n = 0; n < Cases; n++)
        {
            var seen = Enumerable.Range(0, random.Next(1, 9)).Select(_ => OfAdjustment(random))
                .DistinctBy(s => Sight.VersionOf(s.Seen, s.Change.UpdatedAt!.Value)).ToList();
            var expected = Versions<PaddleAdjustment>.Of([.. seen.Select(s => Change.SightOf(s.Change, s.Seen))], Change.Rules);
            var (state, told) = Run(Change.Decider, Delivered(seen, random), (change, s) => Change.Decide(change, s.Change, s.Seen));
            Same(expected, state.Versions, $"case {n}");
            var isReversed = seen.Any(s => s.Change.Status == Change.Reversed && Change.SightOf(s.Change, s.Seen).Unsound is null);
            Assert.Equal(isReversed ? 1 : 0, told.OfType<AdjustmentReversalExpected>().Count());
            if (expected.Current is not { } current) continue;
            Assert.Single(told.OfType<AdjustmentRecorded>());
            var effect = ChangeContent.EffectOf(ChangeContent.SettledAs(current.Body, expected.Settled?.Body));
            var sum = told.OfType<AdjustmentRevised>().SelectMany(r => r.Delta)
                .Aggregate(ChangeContent.EffectOf(told.OfType<AdjustmentRecorded>().Single().Adjustment).Total, (all, d) => all + d.Total);
            Assert.Equal(effect.Total, sum);
        }
    }

    private static (TState State, List<RevenueHappened> Told) Run<TState, TSeen>(
        Decider<TState, RevenueHappened> decider, IEnumerable<TSeen> delivered, Func<TState, TSeen, Decision<RevenueHappened>> decide)
    {
        var (state, told) = (decider.Initial, new List<RevenueHappened>());
        foreach (var seen in delivered)
        {
            var events = decide(state, seen).Events;
            state = events.Aggregate(state, decider.Evolve);
            told.AddRange(events);
        }
        return (state, told);
    }

    private static List<T> Delivered<T>(List<T> seen, Random random)
    {
        var often = seen.Concat(seen.Where(_ => random.Next(3) == 0)).Concat(seen.Where(_ => random.Next(3) == 0)).ToArray();
        random.Shuffle(often);
        return [.. often];
    }

    private static void Same<T>(Versions<T> expected, Versions<T> state, string where) where T : class
    {
        Assert.True(expected.Current?.Version == state.Current?.Version, $"{where}: another version counts");
        Assert.True(expected.Settled?.Version == state.Settled?.Version, $"{where}: another version settles");
        Assert.Equal(expected.Open.Select(o => (o.Key, o.Value.Version)), state.Open.Select(o => (o.Key, o.Value.Version)));
    }

    private static SaleAmounts Sum(List<RevenueHappened> told)
    {
        var recorded = told.OfType<TransactionRecorded>().Single().Transaction;
        var settled = told.OfType<TransactionSettled>().SingleOrDefault()?.Settlement;
        var sum = SaleContent.AmountsOf(recorded with { Fee = settled?.Fee, Earnings = settled?.Earnings, Payout = settled?.Payout });
        foreach (var d in told.OfType<TransactionRevised>().SelectMany(r => r.Delta))
            sum = new(
                sum.Subtotal + d.Subtotal, sum.Discount + d.Discount, sum.Tax + d.Tax, sum.Total + d.Total, sum.Credit + d.Credit,
                sum.GrandTotal + d.GrandTotal, Plus(sum.Fee, d.Fee), Plus(sum.Earnings, d.Earnings), Plus(sum.Payout, d.Payout));
        return sum;
    }

    private static Money? Plus(Money? a, Money? b) => a is null ? b : b is null ? a : a.Value + b.Value;

    private static PayoutAmounts? Plus(PayoutAmounts? a, PayoutAmounts? b) => a is null ? b : b is null ? a : new(
        a.Subtotal + b.Subtotal, a.Discount + b.Discount, a.Tax + b.Tax, a.Total + b.Total, Plus(a.Fee, b.Fee), Plus(a.Earnings, b.Earnings));

    // Few values of each, so that they meet.
    private static (PaddleTransaction Sale, SeenAt Seen) Version(Random random)
    {
        var status = random.Next(10) switch { < 3 => "paid", < 8 => "completed", 8 => "canceled", _ => "billed" };
        long? earnings = status == "completed" && random.Next(4) > 0 ? 900 + 50 * random.Next(2) : null;
        var sale = MadeUp.Sale(1, status, 1200 + 600 * random.Next(2), random.Next(4), earnings, random.Next(2) == 0 ? "DE" : "FR");
        if (random.Next(8) == 0) sale = sale with { Totals = sale.Totals with { Tax = MadeUp.Dollars(1) } };
        return (sale, MadeUp.Seen(sale, random.Next(3)));
    }

    private static (PaddleAdjustment Change, SeenAt Seen) OfAdjustment(Random random)
    {
        var status = random.Next(8) switch { 0 => "pending_approval", 1 => "rejected", < 6 => "approved", _ => Change.Reversed };
        var change = MadeUp.Adjustment(
            1, "refund", status, 600 + (random.Next(5) == 0 ? 300 : 0), random.Next(4), payout: random.Next(3) == 0 ? null : 400 + random.Next(2));
        if (random.Next(4) == 0) change = change with { Reason = "other" };
        if (random.Next(8) == 0) change = change with { Totals = change.Totals with { Tax = MadeUp.Dollars(1) } };
        return (change, MadeUp.Seen(change, random.Next(3)));
    }
}
