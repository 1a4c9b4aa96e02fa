using Allocora.Contracts;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Ingest;

/// <summary>T-PAID-1, T-ADJ-1 and T-ADJ-2: through the queue, in every order, three times each.</summary>
public sealed class In_both_orders
{
    [Fact]
    public async Task Paid_and_completed_are_one_sale()
    {
        var (count, random) = (TestSize.Of(10_000), new Random(Random.Shared.Next()));
        await using var ledger = await TalkingLedger.Start();
        var told = Enumerable.Range(1, count)
            .SelectMany(n => new[] { MadeUp.Sale(n, "paid", 600 + n, earnings: null), MadeUp.Sale(n, total: 600 + n, minute: 3, earnings: 400 + n) })
            .SelectMany(s => Enumerable.Repeat((object)s.Seen(), 1 + random.Next(3))).ToArray();
        random.Shuffle(told);
        await ledger.Tell(told);

        Assert.Equal((long)count, await ledger.Ledger.Database.Ask("select count(*) from mt_events where type = 'transaction_recorded'"));
        Assert.Equal((long)count, await ledger.Ledger.Database.Ask("select count(*) from mt_events where type = 'transaction_settled'"));
        var facts = await ledger.Facts();
        Assert.Equal(count, facts.Count);
        Assert.Equal(Enumerable.Range(1, count).Sum(n => 600L + n), facts.Sum(f => f.Total.Minor));
        Assert.Equal(Enumerable.Range(1, count).Sum(n => 400L + n - 45), facts.Sum(f => f.Payout!.Earnings!.Value.Minor));
        Assert.All(facts, f => Assert.Equal("completed", f.Status));
    }

    [Fact]
    public async Task What_is_taken_back_counts_once_by_whichever_way_it_is_seen()
    {
        var (count, random) = (TestSize.Of(5000, 200), new Random(Random.Shared.Next()));
        await using var ledger = await TalkingLedger.Start();
        var (told, expected) = (new List<object>(), 0L);
        for (var n = 1; n <= count; n++)
        {
            told.Add(MadeUp.Sale(n, total: 1200).Seen());
            var (approved, reversed) = (MadeUp.Adjustment(n, "chargeback", total: 600, sale: n), MadeUp.Adjustment(n, "chargeback", "reversed", 600, 60, n));
            var back = MadeUp.Adjustment(count + n, "chargeback_reverse", total: -600, minute: 60, sale: n, payout: -400);
            // Approved only; flipped only; undone by a row only; both; pending, then rejected.
            var kind = n % 5;
            if (kind is 0 or 1 or 2 or 3) told.Add(approved.Seen());
            if (kind is 1 or 3) told.Add(reversed.Seen());
            if (kind is 2 or 3) told.Add(back.Seen());
            if (kind == 4) told.Add(MadeUp.Adjustment(n, status: "rejected", sale: n).Seen());
            expected += 1200 + (kind is 0 or 1 ? -600 : 0);
        }
        var often = told.SelectMany(t => Enumerable.Repeat(t, 3)).ToArray();
        random.Shuffle(often);
        await ledger.Tell(often);

        var facts = await ledger.Facts();
        Assert.Equal(expected, facts.Sum(f => f.Total.Minor));
        // Flipped, and no reverse of Paddle's: for a person. Of those that were undone by a row nothing is.
        var open = await ledger.Ask<Contracts.Api.Page<Contracts.Api.OpenReversal>>("ledger/reversals");
        var alone = Enumerable.Range(1, count).Where(n => n % 5 == 1).Select(n => MadeUp.Id("adj", n)).ToList();
        Assert.Equal(alone.Order().Take(200), open.Data.Select(r => r.ProviderId).Order());
        Assert.All(open.Data, r => Assert.Equal(new Money(-600, Currency.Parse("USD")), r.Effect));
    }
}
