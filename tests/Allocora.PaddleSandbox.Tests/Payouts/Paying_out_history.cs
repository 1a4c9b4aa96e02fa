using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Payouts;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox;

/// <summary>Payouts of what history sold, also where somebody writes over it.</summary>
public sealed class Paying_out_history
{
    private readonly Account account = Of(
        [Settled(1, "2026-09-10T10:00:00Z"), Settled(2, "2026-10-10T10:00:00Z"), Settled(3, "2026-10-12T10:00:00Z"), Settled(4, "2026-11-10T10:00:00Z")]);

    [Fact]
    public void A_month_pays_what_settled_in_it()
    {
        var payouts = account.Payouts.By(account.Clock.Now);

        Assert.Equal([(94_950, 1), (189_900, 2)], payouts.Select(one => ((int)one.Amount, one.Of["sale"].Count)));
        Assert.Equal([4], Open());
    }

    [Fact]
    public void What_was_paid_keeps_its_amount_when_it_is_written_over()
    {
        _ = account.Payouts.By(account.Clock.Now);
        account.Transactions.Put(Verbatim.Sale(2, "2026-10-10T10:00:00Z", 7));

        Assert.Equal(189_900, account.Payouts.By(account.Clock.Now)[1].Amount);
        var view = new View(account, account.Clock.Now);
        var again = account.Payouts.Ledger.All(view).Where(entry => entry.IsSale && entry.Row.Id == Verbatim.Id("txn", 2)).ToList();
        Assert.Equal(94_950, account.Payouts.Ledger.Read(Assert.Single(again), view).Amount);
        Assert.Equal([4], Open());
    }

    [Fact]
    public void What_is_written_over_before_its_month_closes_counts_as_it_is_then()
    {
        account.Transactions.Put(Verbatim.Sale(2, "2026-10-10T10:00:00Z", 200_000));
        var canceled = Verbatim.Sale(3, "2026-10-12T10:00:00Z", 1);
        canceled["status"] = "canceled";
        account.Transactions.Put(canceled);

        Assert.Equal([94_950, 189_950], account.Payouts.By(account.Clock.Now).Select(one => (int)one.Amount));
    }

    [Fact]
    public void The_same_payouts_have_the_same_names_and_no_two_the_same()
    {
        var names = account.Payouts.By(account.Clock.Now).Select(one => (one.Id, one.Reference)).ToList();

        var others = Of([Settled(1, "2026-09-10T10:00:00Z"), Settled(2, "2026-10-10T10:00:00Z")]).Payouts.By(account.Clock.Now);
        Assert.Equal(names, others.Select(one => (one.Id, one.Reference)));
        Assert.Equal(4, names.SelectMany(one => new[] { one.Id, one.Reference }).Distinct().Count());
    }

    [Fact]
    public void Other_choices_make_other_payouts_at_once()
    {
        Assert.Equal(2, account.Payouts.By(account.Clock.Now).Count);

        account.Choices = account.Choices.With("payoutMinimum", "1000");

        Assert.Equal([284_850], account.Payouts.By(account.Clock.Now).Select(one => (int)one.Amount));
    }

    private int[] Open()
    {
        var view = new View(account, account.Clock.Now);
        return [.. account.Payouts.Ledger.All(view).Where(entry => entry.Month == Months.Of(view.At)).Select(entry => entry.Row.Number + 1)];
    }

    private static JsonObject Settled(int number, string at)
    {
        var sale = Verbatim.Sale(number, at, 100_000);
        sale["settled_at"] = at;
        return sale;
    }

    private static Account Of(IReadOnlyList<JsonObject> sales)
    {
        var options = new Options { Now = Instants.Parse("2026-11-20"), Choices = new Choices { PayoutExtras = "no" } };
        Collection None(string prefix) => new(prefix, ListShelf.Empty);
        return new Account
        {
            Options = options,
            Past = Past.Of(options),
            Choices = options.Choices,
            Clock = new WorldClock(options.Now!.Value, TimeProvider.System),
            Keys = new Keys(options),
            Transactions = new Collection("txn", new ListShelf(sales)),
            Adjustments = None("adj"),
            Products = None("pro"),
            Prices = None("pri"),
            Customers = None("ctm"),
            Addresses = None("add"),
            Businesses = None("biz"),
            Discounts = None("dsc"),
            Reports = None("rep"),
        };
    }
}
