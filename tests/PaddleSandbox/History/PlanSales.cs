using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>What a subscription will bring: a renewal, or something between two of them.</summary>
internal readonly record struct Due(long At, Sale Sale);

/// <summary>Goes through the history day by day and decides what was sold.</summary>
internal sealed class PlanSales
{
    private readonly Dice dice;
    private readonly Calendar calendar;
    private readonly Baskets baskets;
    private readonly List<Due>?[] due;
    private readonly List<long> customers = [], subscriptions = [];
    private readonly Sale[] sales;
    private readonly int[][] once = new int[101][], plans = new int[101][];
    private int made;

    private PlanSales(Dice dice, Calendar calendar, Baskets baskets, int count)
    {
        (this.dice, this.calendar, this.baskets) = (dice, calendar, baskets);
        (sales, due) = (new Sale[count], new List<Due>?[calendar.Days]);
        for (var at = 0; at <= 100; at++)
        {
            once[at] = [.. Wares.Offers.Select((offer, number) => offer.Months == 0 && Wares.IsSold(number, at) ? offer.Weight : 0)];
            plans[at] = [.. Wares.Offers.Select((offer, number) => offer.Months > 0 && Wares.IsSold(number, at) ? offer.Weight : 0)];
        }
    }

    public static (Sale[] Sales, long[] Customers, long[] Subscriptions) Make(Dice dice, Calendar calendar, Baskets baskets, int count)
    {
        var plan = new PlanSales(dice, calendar, baskets, count);
        for (var day = 0; day < calendar.Days; day++) plan.Day(day);
        return (plan.sales, [.. plan.customers], [.. plan.subscriptions]);
    }

    private void Day(int day)
    {
        var planned = due[day] ?? [];
        due[day] = null;
        var fresh = Math.Max(0, calendar.Target(day) - made - planned.Count);
        var (times, which) = (new long[planned.Count + fresh], new int[planned.Count + fresh]);
        for (var at = 0; at < times.Length; at++)
        {
            which[at] = at;
            times[at] = at < planned.Count ? planned[at].At : calendar.Time(day, dice.For(1, ((long)day << 32) + at));
        }
        Array.Sort(times, which);
        for (var at = 0; at < times.Length && made < sales.Length; at++)
        {
            // Never two in one millisecond: then an id says which one it is.
            var last = made == 0 ? 0 : sales[made - 1].Created + Instants.Millisecond;
            var time = Math.Max(times[at], last);
            if (which[at] < planned.Count) Continue(planned[which[at]].Sale with { Created = time });
            else Begin(time);
        }
    }

    private void Begin(long at)
    {
        var own = dice.For(2, made);
        var progress = (int)((at - calendar.Start) * 100 / (calendar.Until - calendar.Start));
        var roll = own.Below(1_000);
        if (roll < 70) Add(Bare(at, own, progress, -1) with { Life = Life.Abandoned });
        else if (roll < 140 && roll >= 115) Add(Invoice(at, own));
        else if (roll is >= 215 and < 285) Subscribe(at, own, progress);
        else
        {
            var sale = Bare(at, own, progress, Customer(at, own)) with
            {
                Life = roll < 105 ? Life.Unpaid : roll < 115 ? Life.Canceled : Life.Sale,
                Origin = roll < 215 && own.Happens(7_000, 20) ? Origin.Api : Origin.Web,
                Basket = own.Happens(250, 21) ? Basket.Custom : own.Happens(1_300, 22) ? Basket.Several : Basket.One,
            };
            var voucher = own.Happens(900, 23) && sale.Basket != Basket.Custom ? own.Weighted(Vouchers.Weights, 24) + 1 : 0;
            Add(sale with { Voucher = (byte)voucher });
        }
    }

    private Sale Bare(long at, Dice own, int progress, int customer) => new()
    {
        Created = at,
        Customer = customer,
        Subscription = -1,
        FirstAdjustment = -1,
        Offer = (byte)own.Weighted(once[progress], 25),
        Quantity = (byte)(own.Happens(600, 26) ? own.Between(2, 5, 27) : 1),
    };

    private Sale Invoice(long at, Dice own) => Bare(at, own, 0, Customer(at, own)) with
    {
        Life = Life.Invoice + (byte)own.Weighted([14, 5, 3, 3], 28),
        Origin = Origin.Api,
        Basket = Basket.Invoice,
        Offer = (byte)own.Pick(Wares.ByInvoice, 29),
        Quantity = (byte)own.Between(3, 40, 30),
    };

    private void Subscribe(long at, Dice own, int progress)
    {
        var offer = own.Weighted(plans[progress], 31);
        subscriptions.Add(at);
        Continue(Bare(at, own, progress, Customer(at, own)) with
        {
            Life = Life.Sale,
            Origin = Origin.Web,
            Subscription = subscriptions.Count - 1,
            Offer = (byte)offer,
            Quantity = (byte)(own.Happens(800, 32) ? own.Between(2, 10, 33) : 1),
            Basket = offer is 9 or 10 && own.Happens(1_500, 34) ? Basket.WithSeats : Basket.One,
        });
    }

    private int Customer(long at, Dice own)
    {
        if (customers.Count > 20 && own.Happens(1_500, 35)) return own.Below(customers.Count, 36);
        customers.Add(at);
        return customers.Count - 1;
    }

    // A payment of a subscription, and what comes of it.
    private void Continue(Sale sale)
    {
        var own = dice.For(3, made);
        if (sale.Cycle > 0) sale = sale with { Life = Life.Renewal + (byte)own.Weighted([93, 4, 2, 2]) };
        Add(sale);
        var renews = sale.Origin is Origin.Web or Origin.SubscriptionRecurring && sale.IsPaid;
        var yearly = Wares.Offers[sale.Offer].Months == 12;
        if (!renews || (sale.Cycle > 0 && own.Happens(yearly ? 2_500 : 800, 1))) return;
        var next = Instants.Of(Instants.Time(sale.Created).AddMonths(yearly ? 12 : 1));
        var after = sale with { Origin = Origin.SubscriptionRecurring, Cycle = (short)(sale.Cycle + 1), Credit = 0, FirstAdjustment = -1 };
        var other = Wares.Other(sale.Offer);
        if (sale.Basket == Basket.One && other != sale.Offer && own.Happens(600, 2)) after = Change(after, other, next, own);
        Beside(sale, next, own);
        Await(new(next, after));
    }

    // The plan changes before the next renewal: what is left of the old one is given back, that of the new one charged.
    private Sale Change(Sale sale, int other, long next, Dice own)
    {
        var share = (short)own.Between(1_000, 9_300, 3);
        var changed = sale with
        {
            Life = Life.Renewal,
            Origin = Origin.SubscriptionUpdate,
            Basket = Basket.Change,
            Offer = (byte)other,
            OldOffer = sale.Offer,
            Share = share,
            Cycle = 0,
        };
        Await(new(next - ((next - sale.Created) / 10_000 * share), changed));
        return sale with { Offer = (byte)other, Credit = (int)baskets.Of(changed, 0).Totals.CreditToBalance };
    }

    private void Beside(Sale sale, long next, Dice own)
    {
        var bare = sale with { Life = Life.Renewal, Cycle = 0, Credit = 0, FirstAdjustment = -1, Voucher = 0 };
        var inPeriod = own.Between(2 * Instants.Day, next - sale.Created - Instants.Day, 4);
        if (own.Happens(300, 5))
            Await(new(sale.Created + inPeriod, bare with { Origin = Origin.SubscriptionCharge, Basket = Basket.One, Offer = Wares.Extra, Quantity = 1 }));
        if (own.Happens(200, 6))
            Await(new(sale.Created + (inPeriod / 2) + Instants.Day, bare with { Origin = Origin.SubscriptionPaymentMethodChange, Basket = Basket.Nothing }));
    }

    private void Await(Due one)
    {
        var day = calendar.Day(one.At);
        if (day < due.Length) (due[day] ??= []).Add(one);
    }

    private void Add(Sale sale) => sales[made++] = sale;
}
