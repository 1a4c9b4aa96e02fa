using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The instants at which a transaction becomes what it becomes; Never where it does not.</summary>
internal readonly struct SaleStages
{
    public const long Never = long.MaxValue;

    /// <summary>The longest that anything of a transaction's life comes after its beginning.</summary>
    public const long Longest = 130 * Instants.Day;

    private SaleStages(long created) => (Created, Ready, Billed, Failed, PastDue, Paid, Figured, Completed, Canceled, Revised) =
        (created, created, Never, Never, Never, Never, Never, Never, Never, Never);

    public long Created { get; }

    public long Ready { get; private init; }

    public long Billed { get; private init; }

    /// <summary>When a payment failed.</summary>
    public long Failed { get; private init; }

    public long PastDue { get; private init; }

    public long Paid { get; private init; }

    /// <summary>From when its fee and what is paid out for it can be seen: when it completed, and with some a moment before.</summary>
    public long Figured { get; private init; }

    public long Completed { get; private init; }

    public long Canceled { get; private init; }

    public long Revised { get; private init; }

    /// <summary>How long ago a renewal says it was billed when it is made: a moment, as Paddle's do.</summary>
    public static long BilledBefore(Dice dice) => dice.Between(3, 400, 50) * Instants.Millisecond;

    public static SaleStages Of(in Sale sale, Dice dice)
    {
        var made = new SaleStages(sale.Created);
        if (sale.Life == Life.Abandoned) return made with { Ready = Never };
        if (sale.IsManual) return Invoice(sale, made, dice);
        return sale.Life is Life.Unpaid or Life.Canceled or Life.Sale ? Checkout(sale, made, dice) : Charge(sale, made, dice);
    }

    public string Status(long now) => Canceled <= now ? "canceled"
        : Completed <= now ? "completed"
        : Paid <= now ? "paid"
        : PastDue <= now ? "past_due"
        : Billed <= now ? "billed"
        : Ready <= now ? "ready" : "draft";

    /// <summary>The last of its stages by then.</summary>
    public long Updated(long now)
    {
        var last = Created;
        Later(Ready);
        Later(Billed);
        Later(Failed);
        Later(PastDue);
        Later(Paid);
        Later(Figured);
        Later(Completed);
        Later(Canceled);
        Later(Revised);
        return last;

        void Later(long stage)
        {
            if (stage <= now && stage > last) last = stage;
        }
    }

    private static SaleStages Checkout(in Sale sale, SaleStages made, Dice dice)
    {
        var ready = sale.Created + (sale.Origin == Origin.Web ? dice.Between(15_000, 600_000, 40) : dice.Between(200, 900, 40)) * Instants.Millisecond;
        if (sale.Life == Life.Unpaid) return made with { Ready = ready };
        if (sale.Life == Life.Canceled) return made with { Ready = ready, Canceled = ready + dice.Between(Instants.Hour, 72 * Instants.Hour, 41) };
        var failed = dice.Happens(1_200, 43) ? ready + dice.Between(20_000_000, 120_000_000, 44) : Never;
        var paid = (failed == Never ? ready : failed) + dice.Between(15_000_000, 300_000_000, 45);
        return Paying(made with { Ready = ready, Failed = failed, Billed = paid }, paid, dice);
    }

    private static SaleStages Charge(in Sale sale, SaleStages made, Dice dice)
    {
        var billed = made with { Billed = sale.Created };
        if (sale.Life == Life.Renewal) return Paying(billed, sale.Created + dice.Between(1_500_000, 9_000_000, 45), dice);
        var failed = sale.Created + dice.Between(1_000_000, 3_000_000, 44);
        var pastDue = failed + dice.Between(200_000, 2_000_000, 46);
        var due = billed with { Failed = failed, PastDue = pastDue };
        if (sale.Life == Life.Recovered) return Paying(due, pastDue + dice.Between(Instants.Day, 18 * Instants.Day, 45), dice);
        return sale.Life == Life.Lost ? due with { Canceled = pastDue + dice.Between(25 * Instants.Day, 32 * Instants.Day, 41) } : due;
    }

    private static SaleStages Invoice(in Sale sale, SaleStages made, Dice dice)
    {
        var ready = sale.Created + dice.Between(Instants.Second, 40 * Instants.Second, 40);
        var billed = made with { Ready = ready, Billed = ready + dice.Between(Instants.Minute, 2 * Instants.Day, 47) };
        if (sale.Life == Life.VoidInvoice) return billed with { Canceled = billed.Billed + dice.Between(Instants.Day, 10 * Instants.Day, 41) };
        if (sale.Life == Life.Invoice) return Paying(billed, billed.Billed + dice.Between(3 * Instants.Day, 13 * Instants.Day, 45), dice);
        var due = billed with { PastDue = billed.Billed + Terms(dice) * Instants.Day };
        return sale.Life == Life.UnpaidInvoice ? due : Paying(due, due.PastDue + dice.Between(Instants.Day, 40 * Instants.Day, 45), dice);
    }

    /// <summary>In how many days an invoice is to be paid.</summary>
    public static int Terms(Dice dice) => dice.Happens(5_000, 48) ? 14 : 30;

    private static SaleStages Paying(SaleStages sale, long paid, Dice dice)
    {
        var completed = paid + (dice.Happens(200, 51) ? dice.Between(Instants.Minute, 20 * Instants.Minute, 52) : dice.Between(1_000_000, 4_000_000, 52));
        return sale with
        {
            Paid = paid,
            Completed = completed,
            Figured = dice.Happens(3_300, 53) ? paid + ((completed - paid) / 4 * 3) : completed,
            Revised = dice.Happens(130, 54) ? completed + dice.Between(Instants.Hour, 20 * Instants.Day, 55) : Never,
        };
    }
}
