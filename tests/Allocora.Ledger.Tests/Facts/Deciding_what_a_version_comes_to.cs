using Allocora.Contracts;
using Allocora.Contracts.Events;

namespace Allocora.Ledger.Tests;

/// <summary>What a version of a sale or an adjustment comes to, one case after the other.</summary>
public sealed class Deciding_what_a_version_comes_to
{
    [Fact]
    public void A_sale_first_seen_paid_is_recorded_and_settled_when_it_is_completed()
    {
        var (paid, completed) = (MadeUp.Sale(status: "paid", earnings: null), MadeUp.Sale(minute: 5));
        var (sale, first) = Sees(Nothing, paid);
        Assert.Equal([new TransactionRecorded(paid, MadeUp.Seen(paid))], first);
        var (after, second) = Sees(sale, completed);
        Assert.Equal(
            [
                new TransactionSettled(
                    completed.Id, "completed", completed.UpdatedAt, new(completed.Fee, completed.Earnings, completed.Payout!), MadeUp.Seen(completed)),
            ],
            second);
        Assert.Equal("completed", after.Versions.Current?.Status);
    }

    [Fact]
    public void A_sale_first_seen_completed_is_recorded_and_settled_at_once()
    {
        var (_, told) = Sees(Nothing, MadeUp.Sale());
        Assert.Equal([typeof(TransactionRecorded), typeof(TransactionSettled)], told.Select(e => e.GetType()));
        Assert.Null(((TransactionRecorded)told[0]).Transaction.Payout);
    }

    [Fact]
    public void A_later_version_with_other_amounts_is_a_revision_by_its_difference()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale(total: 1200, earnings: 950));
        var (_, told) = Sees(sale, MadeUp.Sale(total: 1800, minute: 9, earnings: 1450));
        var revised = Assert.IsType<TransactionRevised>(Assert.Single(told));
        var delta = Assert.Single(revised.Delta);
        Assert.Equal(
            (MadeUp.Dollars(600), MadeUp.Dollars(100), MadeUp.Dollars(500), 500L),
            (delta.Total, delta.Tax, delta.Earnings, delta.Payout!.Total.Minor));
    }

    [Fact]
    public void A_later_version_in_another_currency_takes_all_back_and_brings_all_anew()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale(earnings: null));
        var other = InPounds(MadeUp.Sale(minute: 9, earnings: null));
        var (_, told) = Sees(sale, other);
        var revised = Assert.IsType<TransactionRevised>(Assert.Single(told));
        Assert.Equal([MadeUp.Dollars(-1200), new Money(1200, Currency.Parse("GBP"))], revised.Delta.Select(d => d.Total));
    }

    [Fact]
    public void What_changes_no_amount_is_a_revision_without_a_difference()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale(country: "DE"));
        var (_, told) = Sees(sale, MadeUp.Sale(country: "FR", minute: 2));
        var revised = Assert.IsType<TransactionRevised>(Assert.Single(told));
        Assert.Empty(revised.Delta);
        Assert.Equal("FR", revised.Transaction.Place?.Country);
    }

    [Fact]
    public void Two_versions_of_one_state_with_other_amounts_contradict()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale(total: 1200));
        var (after, told) = Sees(sale, MadeUp.Sale(total: 1800));
        Assert.Contains(told, e => e is TransactionContradicted { Reason: "other-amounts" });
        Assert.Equal(["other-amounts", "other-settlement"], after.Versions.Open.Keys);
    }

    [Fact]
    public void A_sale_that_goes_back_keeps_what_it_was_and_is_for_a_person()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale());
        var (after, told) = Sees(sale, MadeUp.Sale(status: "canceled", minute: 30));
        Assert.Equal("status-went-back", Assert.IsType<TransactionContradicted>(Assert.Single(told)).Reason);
        Assert.Equal("completed", after.Versions.Current?.Status);
        // The next version that is later again settles it.
        var (settled, closed) = Sees(after, MadeUp.Sale(minute: 40, country: "FR"));
        Assert.Contains(closed, e => e is ContradictionClosed { How: "superseded", Reason: "status-went-back" });
        Assert.Empty(settled.Versions.Open);
    }

    [Fact]
    public void What_does_not_add_up_counts_for_nothing()
    {
        var broken = MadeUp.Sale() with { Totals = MadeUp.Sale().Totals with { Tax = MadeUp.Dollars(1) } };
        var (after, told) = Sees(Nothing, broken);
        Assert.Equal("unsound", Assert.IsType<TransactionContradicted>(Assert.Single(told)).Reason);
        Assert.Null(after.Versions.Current);
    }

    [Fact]
    public void A_sale_below_0_becomes_credit_of_the_customers()
    {
        var t = MadeUp.Sale().Totals;
        var sale = MadeUp.Sale() with
        {
            Totals = new(-t.Subtotal, t.Discount, -t.Tax, -t.Total, t.Credit, CreditToBalance: t.Total, GrandTotal: MadeUp.Dollars(0)),
            Lines = [.. MadeUp.Sale().Lines.Select(l => l with { Totals = new(-t.Subtotal, t.Discount, -t.Tax, -t.Total) })],
        };
        Assert.Contains(Sees(Nothing, sale).Told, e => e is TransactionRecorded);
        Assert.IsType<TransactionContradicted>(Assert.Single(Sees(Nothing, sale with { Totals = sale.Totals with { GrandTotal = -t.Total } }).Told));
    }

    [Fact]
    public void What_a_person_accepts_counts_whatever_comes_again()
    {
        var (first, other) = (MadeUp.Sale(total: 1800), MadeUp.Sale(status: "paid", total: 1200, minute: 30, earnings: null));
        var (sale, _) = Sees(Nothing, first);
        var (contradicted, _) = Sees(sale, other);
        var told = Accepting.Accept(contradicted, other.Id, "status-went-back", Named(other), "Their support said so.")!;
        Assert.Equal([typeof(ContradictionClosed), typeof(TransactionRevised)], told.Select(e => e.GetType()));
        var accepted = told.Aggregate(contradicted, Sale.Decider.Evolve);
        Assert.Equal(("paid", MadeUp.Dollars(1200)), (accepted.Versions.Current?.Status, accepted.Versions.Current?.Body.Totals.Total));
        Assert.Empty(Sees(accepted, first).Told);
        Assert.Empty(Sees(accepted, other).Told);
        Assert.Null(Accepting.Accept(accepted, other.Id, "status-went-back", Named(other), "Again."));
    }

    [Fact]
    public void What_a_person_dismisses_stays_out_whatever_comes_again()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale());
        var back = MadeUp.Sale(status: "canceled", minute: 30);
        var (contradicted, _) = Sees(sale, back);
        var told = Accepting.Dismiss(contradicted.Versions, back.Id, "status-went-back", Named(back), "It is not.")!;
        var after = told.Aggregate(contradicted, Sale.Decider.Evolve);
        Assert.Empty(after.Versions.Open);
        Assert.Empty(Sees(after, back).Told);
    }

    [Fact]
    public void What_is_let_in_by_a_person_is_judged_anew()
    {
        var unknown = MadeUp.Sale(status: "archived");
        var (sale, told) = Sees(Nothing, unknown);
        Assert.IsType<TransactionContradicted>(Assert.Single(told));
        var letIn = Sale.Decide(sale, unknown, MadeUp.Seen(unknown, included: true)).Events;
        Assert.Contains(letIn, e => e is TransactionRecorded);
    }

    [Fact]
    public void An_adjustment_taken_back_is_worth_nothing_by_itself()
    {
        var (approved, reversed) = (MadeUp.Adjustment(), MadeUp.Adjustment(status: "reversed", minute: 50));
        var (change, first) = Sees(NoChange, approved);
        Assert.Equal([new AdjustmentRecorded(approved, MadeUp.Seen(approved))], first);
        var (after, second) = Sees(change, reversed);
        Assert.Equal(
            [
                new AdjustmentReversalExpected(
                    reversed.Id, reversed.TransactionId, "refund", reversed.UpdatedAt, MadeUp.Dollars(600), MadeUp.Seen(reversed)),
            ],
            second);
        Assert.Empty(Sees(after, approved).Told);
        Assert.Empty(Sees(after, reversed).Told);
    }

    [Fact]
    public void An_adjustment_first_seen_reversed_counts_and_is_taken_back()
    {
        var (_, told) = Sees(NoChange, MadeUp.Adjustment(status: "reversed"));
        Assert.Equal([typeof(AdjustmentRecorded), typeof(AdjustmentReversalExpected)], told.Select(e => e.GetType()));
    }

    [Fact]
    public void A_second_approved_body_follows_Paddle_and_is_for_a_person()
    {
        var (change, _) = Sees(NoChange, MadeUp.Adjustment(total: 600));
        var (after, told) = Sees(change, MadeUp.Adjustment(total: 900, minute: 20));
        Assert.Equal(MadeUp.Dollars(-300), Assert.Single(told.OfType<AdjustmentRevised>().Single().Delta).Total);
        Assert.Equal("other-amounts", Assert.Single(told.OfType<AdjustmentContradicted>()).Reason);
        Assert.Equal(MadeUp.Dollars(600), after.Versions.Open["other-amounts"].Body.Totals.Total);
    }

    [Theory]
    [InlineData("refund", -600)]
    [InlineData("credit_reverse", 600)]
    [InlineData("chargeback_reverse", 600)]
    public void An_amount_with_the_other_sign_is_for_a_person(string action, long total)
    {
        var (after, told) = Sees(NoChange, MadeUp.Adjustment(action: action, total: total));
        Assert.Equal("unsound", Assert.IsType<AdjustmentContradicted>(Assert.Single(told)).Reason);
        Assert.Null(after.Versions.Current);
    }

    [Fact]
    public void A_counter_line_is_for_what_was_taken_back_and_has_no_reverse_and_is_booked_once()
    {
        var (change, _) = Sees(NoChange, MadeUp.Adjustment(total: 600));
        Assert.Equal("not-reversed", Reversals.Decide(change, isMatched: false, "Paddle took it back.").Refusal?.Code);
        var (back, _) = Sees(change, MadeUp.Adjustment(total: 600, status: "reversed", minute: 50));
        Assert.Equal("reverse-is-known", Reversals.Decide(back, isMatched: true, "Paddle took it back.").Refusal?.Code);
        var booked = Assert.IsType<AdjustmentCounterBooked>(Assert.Single(Reversals.Decide(back, isMatched: false, "Paddle took it back.").Events));
        Assert.Equal((MadeUp.Dollars(600), MadeUp.Dollars(100), 400L), (booked.Amounts.Total, booked.Amounts.Tax, booked.Amounts.Payout!.Total.Minor));
        Assert.Empty(Reversals.Decide(Change.Decider.Evolve(back, booked), isMatched: false, "Again.").Events);
    }

    [Fact]
    public void What_goes_back_to_what_it_was_is_what_it_was()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale(ref_: "anna"));
        var (other, _) = Sees(sale, MadeUp.Sale(ref_: "bert", minute: 5));
        var (again, told) = Sees(other, MadeUp.Sale(ref_: "anna", minute: 9));
        Assert.IsType<TransactionRevised>(Assert.Single(told));
        Assert.Equal("\"anna\"", again.Versions.Current?.Body.CustomData["ref"]);
    }

    [Fact]
    public void What_is_seen_again_as_it_is_only_says_when()
    {
        var (sale, _) = Sees(Nothing, MadeUp.Sale());
        var (later, told) = Sees(sale, MadeUp.Sale(minute: 9));
        Assert.IsType<TransactionSeenAgain>(Assert.Single(told));
        Assert.Empty(Sees(later, MadeUp.Sale(minute: 4, country: "FR")).Told);
    }

    [Fact]
    public void A_decision_outlives_whatever_a_person_could_have_seen()
    {
        var (first, other) = (MadeUp.Sale(total: 1800), MadeUp.Sale(status: "paid", total: 1200, minute: 30, earnings: null));
        var (sale, _) = Sees(Sees(Nothing, first).Sale, other);
        var accepted = Accepting.Accept(sale, other.Id, "status-went-back", Named(other), "So.")!.Aggregate(sale, Sale.Decider.Evolve);
        Assert.Null(accepted.Versions.Settled);
        Assert.Empty(Sees(accepted, MadeUp.Sale(status: "paid", total: 1800, minute: -10, earnings: null, country: "FR")).Told);
        var (later, told) = Sees(accepted, MadeUp.Sale(total: 1200, minute: 60, earnings: 900));
        Assert.DoesNotContain(told, e => e is TransactionContradicted);
        Assert.Equal(900, later.Versions.Settled?.Body.Payout?.Total.Minor);
    }

    [Fact]
    public void A_decision_outlives_a_version_that_had_left_nothing_behind()
    {
        var (chosen, last, between) = (MadeUp.Sale(total: 1800), MadeUp.Sale(total: 1200), MadeUp.Sale(total: 1200, country: "FR"));
        var sale = Nothing;
        foreach (var (version, read) in new[] { (chosen, 0), (last, 9), (between, 5) })
            sale = Sale.Decide(sale, version, MadeUp.Seen(version, read)).Events.Aggregate(sale, Sale.Decider.Evolve);
        var accepted = Accepting.Accept(sale, chosen.Id, "other-amounts", Named(chosen), "So.")!.Aggregate(sale, Sale.Decider.Evolve);
        Assert.Equal(1800, accepted.Versions.Current?.Body.Totals.Total.Minor);
        Assert.Empty(Sale.Decide(accepted, between, MadeUp.Seen(between, read: 5)).Events);
    }

    [Fact]
    public void What_a_person_dismisses_is_dismissed_for_all_its_reasons()
    {
        var (first, other) = (MadeUp.Sale(total: 1800), MadeUp.Sale(total: 1200, earnings: 700));
        var (sale, _) = Sees(Sees(Nothing, first).Sale, other);
        var loser = sale.Versions.Open["other-amounts"];
        var told = Accepting.Dismiss(sale.Versions, first.Id, "other-amounts", loser.Version, "It is not.")!;
        Assert.Equal(["other-amounts", "other-settlement"], told.Cast<ContradictionClosed>().Select(c => c.Reason).Order());
        var after = told.Aggregate(sale, Sale.Decider.Evolve);
        Assert.DoesNotContain(Sees(after, MadeUp.Sale(status: "paid", total: 1800, minute: -10, earnings: null)).Told, e => e is TransactionContradicted);
    }

    [Fact]
    public void A_version_that_is_accepted_brings_its_own_payout()
    {
        var (one, two) = (MadeUp.Sale(total: 1800, earnings: 1500), MadeUp.Sale(total: 1200, earnings: 900));
        var first = Sale.Decide(Nothing, one, MadeUp.Seen(one, read: 0)).Events.Aggregate(Nothing, Sale.Decider.Evolve);
        var sale = Sale.Decide(first, two, MadeUp.Seen(two, read: 5)).Events.Aggregate(first, Sale.Decider.Evolve);
        Assert.Equal(1200, sale.Versions.Current?.Body.Totals.Total.Minor);
        var after = Accepting.Accept(sale, one.Id, "other-amounts", Named(one), "So.")!.Aggregate(sale, Sale.Decider.Evolve);
        Assert.Equal((1800L, 1500L), (after.Versions.Current?.Body.Totals.Total.Minor, after.Versions.Settled?.Body.Payout?.Total.Minor));
    }

    private static string Named(PaddleTransaction sale) => Sight.VersionOf(MadeUp.Seen(sale), sale.UpdatedAt);

    private static Sale Nothing => Sale.Decider.Initial;

    private static Change NoChange => Change.Decider.Initial;

    private static (Sale Sale, IReadOnlyList<RevenueHappened> Told) Sees(Sale sale, PaddleTransaction seen)
    {
        var told = Sale.Decide(sale, seen, MadeUp.Seen(seen)).Events;
        return (told.Aggregate(sale, Sale.Decider.Evolve), told);
    }

    private static (Change Change, IReadOnlyList<RevenueHappened> Told) Sees(Change change, PaddleAdjustment seen)
    {
        var told = Change.Decide(change, seen, MadeUp.Seen(seen)).Events;
        return (told.Aggregate(change, Change.Decider.Evolve), told);
    }

    private static PaddleTransaction InPounds(PaddleTransaction sale)
    {
        var t = sale.Totals;
        return sale with
        {
            Totals = new(P(t.Subtotal), P(t.Discount), P(t.Tax), P(t.Total), P(t.Credit), P(t.CreditToBalance), P(t.GrandTotal)),
            Lines = [.. sale.Lines.Select(l => l with { Totals = new(P(l.Totals.Subtotal), P(l.Totals.Discount), P(l.Totals.Tax), P(l.Totals.Total)) })],
        };

        static Money P(Money m) => new(m.Minor, Currency.Parse("GBP"));
    }
}
