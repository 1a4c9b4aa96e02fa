using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>
/// The account's payouts: made on the 1st for the month before, paid on the 15th. Below the minimum nothing is paid, and the month goes with a later
/// one. Only months somebody asks for are worked out, and each once.
/// </summary>
internal sealed class PayoutBook(Account account) : IHappenings
{
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private readonly Lock gate = new();
    private readonly Dictionary<int, Dictionary<string, Dictionary<string, Tally>>> months = [];
    private readonly Dictionary<(int Month, string Currency), bool> made = [];
    private Choices? choices;

    public Ledger Ledger { get; } = new(account);

    /// <summary>From now on each month closes when the next one begins.</summary>
    public void Begin()
    {
        void CloseAndGoOn(long at)
        {
            Ledger.Close(Months.Of(at) - 1);
            account.Agenda.Add(Months.Start(Months.Of(at) + 1), CloseAndGoOn);
        }
        account.Agenda.Add(Months.Start(Months.Of(account.Clock.Now) + 1), CloseAndGoOn);
    }

    /// <summary>All payouts there are by now, oldest first.</summary>
    public IReadOnlyList<Payout> By(long now)
    {
        var last = Closed(now);
        var all = new List<Payout>();
        for (var month = Ledger.First; month <= last; month++) all.AddRange(Of(month));
        return all;
    }

    /// <summary>The payouts made for a closed month, one a currency: one, unless the account's currency changed.</summary>
    public IReadOnlyList<Payout> Of(int month)
    {
        lock (gate) return [.. Moved(month).Keys.Order(StringComparer.Ordinal).Select(currency => Made(month, currency)).OfType<Payout>()];
    }

    /// <summary>The payout that holds the movements of a month, when it is made by then.</summary>
    public Payout? Holding(int month, string currency, long now)
    {
        var last = Closed(now);
        lock (gate)
        {
            for (; month <= last; month++)
            {
                if (Made(month, currency) is { } made) return made;
            }
        }
        return null;
    }

    /// <summary>The rebate of a closed month.</summary>
    public Movement? RebateOf(int month)
    {
        lock (gate) return Moved(month).ContainsKey(account.Options.Payout) ? Extras.Rebate(account.Options, account.Choices, month) : null;
    }

    public Payout? Find(string reference, long now)
    {
        if (reference.Split('-') is not ["PDL", var year, var month, _] || !int.TryParse(year, out var y) || !int.TryParse(month, out var m)) return null;
        if (m is < 1 or > 12 || (y * 12) + m - 1 is var at && (at > Closed(now) || at < Ledger.First)) return null;
        return Of(at).FirstOrDefault(one => one.Reference == reference);
    }

    public IReadOnlyList<Happening> Between(long after, long upTo)
    {
        var happened = new List<Happening>();
        var until = Months.Of(upTo) - 1;
        var from = after <= 0 ? int.MinValue : Months.Of(after) - 1;
        if (from > int.MinValue && !Turns(after, upTo)) return happened;
        Ledger.Close(until);
        for (var month = Math.Max(from, Ledger.First); month <= until; month++)
        {
            foreach (var payout in Of(month))
            {
                var number = Number(payout);
                if (payout.CreatedAt > after && payout.CreatedAt <= upTo) happened.Add(new(payout.CreatedAt, "payout.created", number, this));
                if (payout.PaidAt > after && payout.PaidAt <= upTo) happened.Add(new(payout.PaidAt, "payout.paid", number, this));
            }
        }
        return [.. happened.OrderBy(one => one.At)];
    }

    public JsonObject Data(Happening happening)
    {
        var (month, currency) = (happening.Number / Currencies.Payout.Length, Currencies.Payout[happening.Number % Currencies.Payout.Length]);
        // Other choices may not make it: it was told, and so it is shown.
        lock (gate) return Worked(month, currency).Json(happening.Type == "payout.paid");
    }

    private static int Number(Payout payout) => (payout.Month * Currencies.Payout.Length) + Array.IndexOf(Currencies.Payout, payout.Currency);

    // Whether a 1st or a 15th begins in between: on all other days nothing has to be worked out.
    private static bool Turns(long after, long upTo)
    {
        var (first, second) = (Months.Start(Months.Of(upTo)), Months.Start(Months.Of(upTo)) + (14 * Instants.Day));
        return (after < first && first <= upTo) || (after < second && second <= upTo);
    }

    private int Closed(long now)
    {
        var last = Months.Of(now) - 1;
        Ledger.Close(last);
        return last;
    }

    private Payout? Made(int month, string currency) => IsMade(month, currency) ? Worked(month, currency) : null;

    private Payout Worked(int month, string currency)
    {
        var first = month;
        while (first > Ledger.First && !IsMade(first - 1, currency)) first--;
        var of = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        for (var at = first; at <= month; at++)
        {
            foreach (var (kind, tally) in Moved(at).GetValueOrDefault(currency) ?? []) of[kind] = of.GetValueOrDefault(kind) + tally;
        }
        var created = Months.Start(month + 1);
        var fee = Extras.SwiftFee(account.Choices, currency, created);
        if (fee is not null) of[MovementKind.SwiftFee] = new Tally().With(fee.Amount);
        var dice = Dice.Of(account.Options.Seed).For(Purpose.Payout, (month * Currencies.Payout.Length) + Array.IndexOf(Currencies.Payout, currency));
        var letters = string.Concat(Enumerable.Range(0, 6).Select(at => Letters[dice.Below(Letters.Length, at)]));
        return new(Ids.Of("pay", created, month, dice.For(1)), $"PDL-{Months.Text(month)}-{letters}", currency, first, month, of, fee);
    }

    // Two good months in a row end every carry, so that one payout does not hang on all that ever was.
    private bool IsMade(int month, string currency)
    {
        ForgetOtherChoices();
        if (!made.TryGetValue((month, currency), out var known)) made[(month, currency)] = known = Decide(month, currency);
        return known;
    }

    private bool Decide(int month, string currency)
    {
        if (!Moved(month).ContainsKey(currency) || !Currencies.Payout.Contains(currency)) return false;
        var minimum = Math.Max(1, Minimum);
        var own = Own(month, currency);
        if (own >= minimum && Own(month - 1, currency) >= minimum) return true;
        var total = own;
        for (var at = month - 1; at >= Ledger.First && !IsMade(at, currency); at--) total += Own(at, currency);
        return total >= minimum;
    }

    private long Minimum => Ratio.Parse(account.Choices.PayoutMinimum)!.Value.Of(1, 2);

    private long Own(int month, string currency) =>
        month < Ledger.First || !Moved(month).TryGetValue(currency, out var kinds) ? 0 : kinds.Values.Sum(tally => tally.Sum);

    // What moved in a closed month, by currency and kind.
    private Dictionary<string, Dictionary<string, Tally>> Moved(int month)
    {
        ForgetOtherChoices();
        if (months.TryGetValue(month, out var known)) return known;
        var moved = new Dictionary<string, Dictionary<string, Tally>>();
        // A big month is tens of thousands of objects to work out.
        foreach (var movement in Ledger.Of(month).AsParallel().Select(entry => Ledger.Read(entry))) Add(moved, movement);
        if (moved.ContainsKey(account.Options.Payout) && Extras.Rebate(account.Options, account.Choices, month) is { } rebate) Add(moved, rebate);
        return months[month] = moved;
    }

    // Other choices make other payouts.
    private void ForgetOtherChoices()
    {
        if (choices == account.Choices) return;
        months.Clear();
        made.Clear();
        choices = account.Choices;
    }

    private static void Add(Dictionary<string, Dictionary<string, Tally>> to, Movement movement)
    {
        if (!to.TryGetValue(movement.Balance, out var kinds)) to[movement.Balance] = kinds = [];
        kinds[movement.Kind ?? ""] = kinds.GetValueOrDefault(movement.Kind ?? "").With(movement.Amount);
    }
}
