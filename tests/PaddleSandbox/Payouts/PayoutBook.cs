using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>
/// The account's payouts: made on the 1st for the month before, paid on the 15th. Below the minimum nothing is paid, and the month goes with a later
/// one. Other choices make other payouts.
/// </summary>
internal sealed class PayoutBook(Account account) : IHappenings
{
    private const int MostChoices = 8;

    private readonly ConcurrentDictionary<Choices, PayoutMonths> known = new();

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
    public IReadOnlyList<Payout> By(long now) => With(account.Choices).By(now);

    /// <summary>The payouts as these choices make them.</summary>
    public PayoutMonths With(Choices choices)
    {
        if (known.TryGetValue(choices, out var found)) return found;
        if (known.Count >= MostChoices) known.Clear();
        return known.GetOrAdd(choices, made => new(account, Ledger, made));
    }

    public IReadOnlyList<Happening> Between(long after, long upTo)
    {
        var happened = new List<Happening>();
        var until = Months.Of(upTo) - 1;
        var from = after <= 0 ? int.MinValue : Months.Of(after) - 1;
        if (from > int.MinValue && !Turns(after, upTo)) return happened;
        Ledger.Close(until);
        var months = With(account.Choices);
        for (var month = Math.Max(from, Ledger.First); month <= until; month++)
        {
            foreach (var payout in months.Of(month))
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
        return With(account.Choices).Shown(month, currency).Json(happening.Type == "payout.paid");
    }

    private static int Number(Payout payout) => (payout.Month * Currencies.Payout.Length) + Array.IndexOf(Currencies.Payout, payout.Currency);

    // Whether a 1st or a 15th begins in between: on all other days nothing has to be worked out.
    private static bool Turns(long after, long upTo)
    {
        var (first, second) = (Months.Start(Months.Of(upTo)), Months.Start(Months.Of(upTo)) + (14 * Instants.Day));
        return (after < first && first <= upTo) || (after < second && second <= upTo);
    }
}
