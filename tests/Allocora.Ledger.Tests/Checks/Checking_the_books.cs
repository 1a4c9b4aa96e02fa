using Allocora.Contracts.Api;

namespace Allocora.Ledger.Tests.Checks;

public sealed class Checking_the_books
{
    private const string Books = "ledger_books_v1";

    /// <summary>What somebody with all rights does to the tables, and which check must see it.</summary>
    public static TheoryData<string, string> Damages => new()
    {
        { "INV-1", $"update {Books}.sync_run set outcomes = outcomes + 1" },
        { "INV-2", $"update {Books}.fact set total = total + 1 where kind = 'sale'" },
        { "INV-2", $"update {Books}.fact set fee = fee + 1 where kind = 'sale'" },
        { "INV-2", $"update {Books}.fact set payout_earnings = payout_earnings - 1 where kind = 'sale'" },
        { "INV-2", $"delete from {Books}.fact where kind = 'refund'" },
        { "INV-3", "update mt_events set type = 'transaction_recorded' where type = 'transaction_settled'" },
        { "INV-4", $"update {Books}.object set tax = tax + 1 where kind = 'sale'" },
        { "INV-5", $"update {Books}.object set total = 100 where kind = 'sale'" },
        { "INV-9", "update mt_events set data = jsonb_set(data, '{Settlement,Fee,Amount}', '\"1\"') where type = 'transaction_settled'" },
        { "INV-9", "delete from mt_events where type = 'transaction_recorded'" },
        { "INV-10", $"update {Books}.object set tenant_id = '{RunningLedger.OtherWorkspace}' where kind = 'sale'" },
        { "INV-11", $"update {Books}.object set currency = 'EUR' where kind = 'refund'" },
        { "undone-once", $"insert into {Books}.object select (jsonb_populate_record(o, '{{\"provider_id\":\"adj_x\",\"kind\":\"refund_reverse\"}}')).* "
            + $"from {Books}.object as o where kind = 'refund'; update {Books}.object set total = - total where provider_id = 'adj_x'; "
            + $"update {Books}.object set counter_total = 1, status = 'reversed' where kind = 'refund'" },
        { "sale-known", $"delete from {Books}.object where kind = 'sale'" },
        { "complete", "update sale_sight set adjusted_total = adjusted_total + 1" },
    };

    [Theory, MemberData(nameof(Damages))]
    public async Task What_must_not_be_is_found(string id, string damage)
    {
        await using var ledger = await TalkingLedger.Start();
        ledger.IsBroken = true;
        var sale = MadeUp.Sale(total: 1200) with { AdjustedTotal = MadeUp.Dollars(600) };
        await ledger.Tell(sale.Seen(read: 120), MadeUp.Adjustment(total: 600).Seen());
        Assert.All((await ledger.Check()).Results, r => Assert.Equal((r.Id, 0), (r.Id, r.Breaches)));

        await ledger.Ledger.Database.Ask(damage);
        var result = (await ledger.Check()).Results.Single(r => r.Id == id);
        Assert.True(result.Breaches > 0);
        Assert.NotEmpty(result.Examples);
    }

    [Fact]
    public async Task More_refunded_than_was_paid_breaks_the_books_until_it_is_no_more_and_the_log_says_so()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.Tell(MadeUp.Sale(total: 1200).Seen(), MadeUp.Adjustment(1, total: 900).Seen(), MadeUp.Adjustment(2, total: 600).Seen());
        var report = await ledger.Check();
        Assert.False(report.Ok);
        Assert.Equal([MadeUp.Id("txn", 1)], report.Results.Single(r => r.Id == "INV-5").Examples);
        Assert.Equal(report.CheckedTo, (await ledger.Ask<InvariantReport>("ledger/invariants")).CheckedTo);
        await ledger.Check();
        Assert.Equal(1L, await Said(ledger, "invariants_broken"));

        await ledger.Tell(MadeUp.Adjustment(3, "credit_reverse", total: -600, payout: -400).Seen());
        Assert.True((await ledger.Check()).Ok);
        Assert.Equal(1L, await Said(ledger, "invariants_restored"));
    }

    [Fact]
    public async Task Books_never_checked_say_so()
    {
        await using var ledger = await TalkingLedger.Start();
        Assert.Equal(404, (int)(await ledger.Api.GetAsync($"{TalkingLedger.Path}/ledger/invariants")).StatusCode);
    }

    [Fact]
    public async Task What_Paddle_says_is_left_of_a_sale_is_held_against_the_adjustments_known()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.Tell(
            (MadeUp.Sale(1, total: 1200) with { AdjustedTotal = MadeUp.Dollars(600) }).Seen(read: 120), MadeUp.Adjustment(1, total: 600, sale: 1).Seen(),
            (MadeUp.Sale(2, total: 1200) with { AdjustedTotal = MadeUp.Dollars(700) }).Seen(read: 120),
            (MadeUp.Sale(3, total: 1200) with { AdjustedTotal = MadeUp.Dollars(1200) }).Seen(), MadeUp.Adjustment(3, minute: 300, sale: 3).Seen(),
            MadeUp.Sale(4, total: 1200).Seen());
        var report = await ledger.Ask<CompletenessReport>("ledger/completeness");
        Assert.Equal(
            [("complete", 1L), ("difference", 1L), ("not-seen-since", 1L), ("unknown", 1L)], report.Sales.OrderBy(s => s.Key).Select(s => (s.Key, s.Value)));
        var difference = Assert.Single(report.Differences);
        Assert.Equal(
            (MadeUp.Id("txn", 2), MadeUp.Dollars(1200), MadeUp.Dollars(700), MadeUp.Dollars(500)),
            (difference.ProviderId, difference.InBooks, difference.ByPaddle, difference.Difference));
        Assert.Equal("complete", (await ledger.Ask<LedgerObject>($"ledger/objects/{MadeUp.Id("txn", 1)}")).Completeness?.State);
    }

    private static async Task<long> Said(TalkingLedger ledger, string type) =>
        (long)(await ledger.Ledger.Database.Ask($"select count(*) from mt_events where type = '{type}'"))!;
}
