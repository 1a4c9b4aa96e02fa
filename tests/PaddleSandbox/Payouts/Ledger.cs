using System.Collections.Concurrent;
using System.Collections.Immutable;
using Allocora.PaddleSandbox.Reports;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>A sale or an adjustment that counts in the balance of a month.</summary>
internal readonly record struct Entry(Row Row, bool IsSale, int Month);

/// <summary>
/// Which movement belongs to which month, for ever. A month closes when the next one begins on the sandbox's clock; those from before the sandbox
/// was started close when somebody first asks. What is written after that with an earlier time belongs to the month that is open then, and what is
/// overwritten keeps the amounts it had.
/// </summary>
internal sealed class Ledger(Account account)
{
    private const int Never = int.MinValue;
    private static readonly ImmutableSortedDictionary<string, Stored> None = ImmutableSortedDictionary.Create<string, Stored>(StringComparer.Ordinal);

    private readonly Lock gate = new();
    private readonly ConcurrentDictionary<string, (int Month, bool IsSale, Stored Version)> written = new();
    private readonly ConcurrentDictionary<(int Month, bool IsSale), ImmutableSortedDictionary<string, Stored>> writtenIn = new();
    private readonly ConcurrentDictionary<string, bool> replaced = new();
    private int closed = Never, first = int.MaxValue;

    /// <summary>The first month in which anything could have moved.</summary>
    public int First
    {
        get
        {
            var (earliest, now) = (first, account.Clock.Now);
            foreach (var shelf in new[] { account.Transactions.Shelf, account.Adjustments.Shelf })
            {
                if (shelf.Count(now) > 0 && shelf.Time(0, "created_at", now) is { } at) earliest = Math.Min(earliest, Months.Of(at));
            }
            return earliest;
        }
    }

    /// <summary>Closes all months up to this one.</summary>
    public void Close(int month)
    {
        lock (gate)
        {
            if (month <= closed) return;
            Close(account.Transactions, true, month);
            Close(account.Adjustments, false, month);
            closed = month;
        }
    }

    /// <summary>Closes all months before this instant's; the last of them.</summary>
    public int Closed(long now)
    {
        var last = Months.Of(now) - 1;
        Close(last);
        return last;
    }

    /// <summary>What moved in a closed month.</summary>
    public IEnumerable<Entry> Of(int month)
    {
        var (begin, end) = (Months.Start(month), Months.Start(month + 1));
        foreach (var (of, isSale) in new[] { (account.Transactions, true), (account.Adjustments, false) })
        {
            var count = of.Shelf.Count(end);
            for (var number = of.Shelf.Skip(0, 1, begin); number < count; number = of.Shelf.Skip(number + 1, 1, begin))
            {
                var row = new Row(of, number, null);
                if (Settling.Time(row, isSale, end) is { } at && Months.Of(at) == month && !replaced.ContainsKey(row.Id)) yield return new(row, isSale, month);
            }
            foreach (var version in writtenIn.GetValueOrDefault((month, isSale), None).Values) yield return new(new Row(of, -1, version), isSale, month);
        }
    }

    /// <summary>Everything that counts in the balance as a report sees it, with what is not paid out yet.</summary>
    public IEnumerable<Entry> All(View view)
    {
        foreach (var (of, isSale) in new[] { (view.Transactions, true), (view.Adjustments, false) })
        {
            foreach (var row in of.Scan(view.At, ascending: true))
            {
                if (Place(row, isSale, view) is { } entry) yield return entry;
            }
        }
    }

    /// <summary>The row as it counts in a report: an earlier version, where that is in a closed month already. Null where it does not count.</summary>
    public Entry? Place(Row row, bool isSale, View view)
    {
        if (row.Stored is not { } stored) return Settling.Time(row, isSale, view.At) is { } settled ? new(row, isSale, Months.Of(settled)) : null;
        var (of, last) = (isSale ? view.Transactions : view.Adjustments, Months.Of(view.At) - 1);
        if (written.TryGetValue(stored.Id, out var kept) && kept.Month <= last) return new(new Row(of, -1, kept.Version), isSale, kept.Month);
        if (History(of, stored.Id, isSale, last) is { } paid) return paid;
        return Settling.Time(row, isSale, view.At) is { } time ? new(row, isSale, Math.Max(Months.Of(time), last + 1)) : null;
    }

    /// <summary>The movement of an entry of a closed month, the same whenever it is asked for.</summary>
    public Movement Read(Entry entry, Choices choices) => Read(entry, choices, Months.Start(entry.Month + 1), null);

    /// <summary>The movement of an entry as a report sees it.</summary>
    public Movement Read(Entry entry, View view) => Read(entry, view.Choices, view.At, view);

    private Movement Read(Entry entry, Choices choices, long at, View? view)
    {
        var json = entry.Row.Render(at);
        if (entry.IsSale) return Movement.OfSale(json, choices) with { CompletedAt = Settling.Time(entry.Row, true, at) };
        var sale = Sale(json.Word("transaction_id"), view, at);
        var movement = Movement.OfAdjustment(json, sale?.Render(at), choices);
        return sale is { } row ? movement with { CompletedAt = Settling.Time(row, true, at) } : movement;
    }

    private Row? Sale(string? id, View? view, long at)
    {
        if (id is not null && written.TryGetValue(id, out var kept)) return new Row(account.Transactions, -1, kept.Version);
        return (view?.Transactions ?? account.Transactions).Find(id, at);
    }

    private void Close(Collection of, bool isSale, int month)
    {
        foreach (var stored in of.AllWritten())
        {
            if (written.ContainsKey(stored.Id)) continue;
            if (History(of, stored.Id, isSale, closed) is not null) continue;
            if (of.Shelf.Find(stored.Id) >= 0) replaced[stored.Id] = true;
            if (Settling.Time(new Row(of, -1, stored), isSale, Months.Start(month + 1) - 1) is not { } at) continue;
            var belongs = Math.Max(Months.Of(at), closed == Never ? Months.Of(0) : closed + 1); // ids, and so payouts, begin in 1970
            written[stored.Id] = (belongs, isSale, stored);
            writtenIn[(belongs, isSale)] = writtenIn.GetValueOrDefault((belongs, isSale), None).Add(stored.Id, stored);
            first = Math.Min(first, belongs);
        }
    }

    // What history had in a month up to the given one before somebody wrote over it.
    private Entry? History(Collection of, string id, bool isSale, int upTo)
    {
        if (upTo == Never || of.Shelf.Find(id) is not (>= 0 and var number) || replaced.ContainsKey(id)) return null;
        var row = new Row(of, number, null);
        return Settling.Time(row, isSale, Months.Start(upTo + 1) - 1) is { } at ? new(row, isSale, Months.Of(at)) : null;
    }
}
