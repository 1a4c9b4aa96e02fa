using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>The payouts as some choices make them. Only months somebody asks for are worked out, and each once.</summary>
internal sealed class PayoutMonths(Account account, Ledger ledger, Choices choices)
{
    private const string Letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    private readonly Lock gate = new();
    private readonly Dictionary<int, Dictionary<string, Dictionary<string, Tally>>> months = [];
    private readonly Dictionary<(int Month, string Currency), bool> made = [];

    /// <summary>All payouts there are by now, oldest first.</summary>
    public IReadOnlyList<Payout> By(long now)
    {
        var last = ledger.Closed(now);
        var all = new List<Payout>();
        for (var month = ledger.First; month <= last; month++) all.AddRange(Of(month));
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
        var last = ledger.Closed(now);
        lock (gate)
        {
            for (; month <= last; month++)
            {
                if (Made(month, currency) is { } made) return made;
            }
        }
        return null;
    }

    /// <summary>The payout of a month, also where these choices would not make it.</summary>
    public Payout Shown(int month, string currency)
    {
        lock (gate) return Worked(month, currency);
    }

    /// <summary>The rebate of a closed month.</summary>
    public Movement? RebateOf(int month)
    {
        lock (gate) return Moved(month).ContainsKey(account.Options.Payout) ? Extras.Rebate(account.Options, choices, month) : null;
    }

    public Payout? Find(string reference, long now)
    {
        if (reference.Split('-') is not ["PDL", var year, var month, _] || !int.TryParse(year, out var y) || !int.TryParse(month, out var m)) return null;
        if (y is < 1 or > 9_999 || m is < 1 or > 12 || (y * 12) + m - 1 is var at && (at > ledger.Closed(now) || at < ledger.First)) return null;
        return Of(at).FirstOrDefault(one => one.Reference == reference);
    }

    private Payout? Made(int month, string currency) => IsMade(month, currency) ? Worked(month, currency) : null;

    private Payout Worked(int month, string currency)
    {
        var first = month;
        while (first > ledger.First && !IsMade(first - 1, currency)) first--;
        var of = new SortedDictionary<string, Tally>(StringComparer.Ordinal);
        for (var at = first; at <= month; at++)
        {
            foreach (var (kind, tally) in Moved(at).GetValueOrDefault(currency) ?? []) of[kind] = of.GetValueOrDefault(kind) + tally;
        }
        var created = Months.Start(month + 1);
        var fee = Extras.SwiftFee(choices, currency, created);
        if (fee is not null) of[MovementKind.SwiftFee] = new Tally().With(fee.Amount);
        var dice = Dice.Of(account.Options.Seed).For(Purpose.Payout, (month * Currencies.Payout.Length) + Array.IndexOf(Currencies.Payout, currency));
        var letters = string.Concat(Enumerable.Range(0, 6).Select(at => Letters[dice.Below(Letters.Length, at)]));
        return new(Ids.Of("pay", created, month, dice.For(1)), $"PDL-{Months.Text(month)}-{letters}", currency, first, month, of, fee);
    }

    // Two good months in a row end every carry, so that one payout does not hang on all that ever was.
    private bool IsMade(int month, string currency)
    {
        if (!made.TryGetValue((month, currency), out var known)) made[(month, currency)] = known = Decide(month, currency);
        return known;
    }

    private bool Decide(int month, string currency)
    {
        if (!Moved(month).ContainsKey(currency) || !Currencies.Payout.Contains(currency)) return false;
        var minimum = Math.Max(1, Ratio.Parse(choices.PayoutMinimum)!.Value.Of(1, 2));
        var own = Own(month, currency);
        if (own >= minimum && Own(month - 1, currency) >= minimum) return true;
        var total = own;
        for (var at = month - 1; at >= ledger.First && !IsMade(at, currency); at--) total += Own(at, currency);
        return total >= minimum;
    }

    private Int128 Own(int month, string currency) =>
        month < ledger.First || !Moved(month).TryGetValue(currency, out var kinds) ? 0 : Tally.Total(kinds.Values).Sum;

    // What moved in a closed month, by currency and kind.
    private Dictionary<string, Dictionary<string, Tally>> Moved(int month)
    {
        if (months.TryGetValue(month, out var known)) return known;
        var moved = new Dictionary<string, Dictionary<string, Tally>>();
        using (ChoicesOfThen.Are(choices))
        {
            // A big month is tens of thousands of objects to work out, and of one that somebody made up centuries may be empty.
            var entries = ledger.Of(month).ToList();
            if (entries.Count > 0) foreach (var movement in entries.AsParallel().Select(entry => ledger.Read(entry, choices))) Add(moved, movement);
        }
        if (moved.ContainsKey(account.Options.Payout) && Extras.Rebate(account.Options, choices, month) is { } rebate) Add(moved, rebate);
        return months[month] = moved;
    }

    private static void Add(Dictionary<string, Dictionary<string, Tally>> to, Movement movement)
    {
        if (!to.TryGetValue(movement.Balance, out var kinds)) to[movement.Balance] = kinds = [];
        kinds[movement.Kind ?? ""] = kinds.GetValueOrDefault(movement.Kind ?? "").With(movement.Amount);
    }
}
