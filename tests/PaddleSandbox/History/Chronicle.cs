using System.Collections.Concurrent;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The plan of the past, and all that turns a line of it into what it stands for.</summary>
internal sealed class Chronicle
{
    private readonly Dice sales, adjustments;
    private readonly long[] customers, subscriptions;
    private readonly ConcurrentDictionary<int, long> takenOver = new();

    public Chronicle(Options options)
    {
        var dice = Dice.Of(options.Seed);
        (sales, adjustments) = (dice.For(Purpose.Sale), dice.For(Purpose.Adjustment));
        Payout = options.Payout;
        Calendar = new Calendar(dice.For(Purpose.Plan, 1), options.Until, options.Months, options.Transactions);
        Catalogue = new CatalogueOfPast(options.Seed, Calendar.Start, Calendar.Until);
        Vouchers = new Vouchers(options.Seed, Calendar.Start);
        People = new People(options.Seed);
        Rates = new Rates(options.Seed);
        Baskets = new Baskets(People, sales);
        (Sales, customers, subscriptions) = PlanSales.Make(dice.For(Purpose.Plan, 2), Calendar, Baskets, options.Transactions);
        Adjustments = PlanAdjustments.Make(Sales, dice.For(Purpose.Plan, 3), sales, Calendar, Baskets);
        Businesses = [.. Enumerable.Range(0, customers.Length).Where(People.HasBusiness)];
    }

    public string Payout { get; }

    public Calendar Calendar { get; }

    public CatalogueOfPast Catalogue { get; }

    public Vouchers Vouchers { get; }

    public People People { get; }

    public Rates Rates { get; }

    public Baskets Baskets { get; }

    public Sale[] Sales { get; }

    public AdjustmentRow[] Adjustments { get; }

    /// <summary>When each customer came.</summary>
    public ReadOnlySpan<long> Customers => customers;

    /// <summary>The customers that buy for a business.</summary>
    public int[] Businesses { get; }

    public Dice SaleDice(int number) => sales.For(1, number);

    public SaleStages Stages(int number) => SaleStages.Of(Sales[number], SaleDice(number));

    public string SaleId(int number) => Ids.Of("txn", Sales[number].Created, number, sales.For(2, number));

    public string LineId(int number, int line) => Ids.Of("txnitm", Sales[number].Created, line, sales.For(3 + line, number));

    public string AdjustmentId(int number) => Ids.Of("adj", Adjustments[number].Created, number, adjustments.For(2, number));

    public Dice AdjustmentDice(int number) => adjustments.For(1, number);

    public string? CustomerId(int customer) => customer < 0 ? null : People.CustomerId(customer, customers[customer]);

    public string? SubscriptionId(int subscription) =>
        subscription < 0 ? null : Ids.Of("sub", subscriptions[subscription], subscription, sales.For(20, subscription));

    public Bill Bill(int number) => Baskets.Of(Sales[number], number);

    /// <summary>The rate at which a sale is paid out: that of its day.</summary>
    public Exchange Exchange(int number, string currency) => Rates.Exchange(currency, Payout, Sales[number].Created);

    /// <summary>When a transaction changed last; where that is chosen, what is taken back of it changes it too.</summary>
    public long Updated(int number, in SaleStages stages, long now, Choices choices)
    {
        var last = stages.Updated(now);
        if (choices.AdjustingTouchesTransaction == "no") return last;
        for (var at = Sales[number].FirstAdjustment; at >= 0 && Adjustments[at].Created <= now; at = Adjustments[at].Next)
            last = Math.Max(last, RenderAdjustment.Updated(this, Adjustments[at], now));
        return last;
    }

    /// <summary>Somebody wrote to a sale, or to an adjustment of it: nothing happens to it by itself any more. Only the first time counts.</summary>
    public void TakeOver(int sale, long at)
    {
        if (sale >= 0) takenOver.TryAdd(sale, at);
    }

    /// <summary>The instant to look at a sale and its adjustments: never one after somebody took it over.</summary>
    public long Until(int sale, long now) => takenOver.TryGetValue(sale, out var at) ? Math.Min(at, now) : now;

    /// <summary>When an adjustment is undone; Never where it is not.</summary>
    public long Reversed(in AdjustmentRow row) => row.ReversedBy < 0 ? SaleStages.Never : Adjustments[row.ReversedBy].Created;
}
