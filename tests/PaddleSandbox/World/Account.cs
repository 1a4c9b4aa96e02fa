using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Payouts;
using Allocora.PaddleSandbox.Reports;

namespace Allocora.PaddleSandbox.World;

/// <summary>The one account that is served here: its clock, its objects, its keys, and what will happen by itself.</summary>
internal sealed class Account
{
    public required Options Options { get; init; }

    public required Past Past { get; init; }

    public required WorldClock Clock { get; init; }

    public required Collection Transactions { get; init; }

    public required Collection Adjustments { get; init; }

    public required Collection Products { get; init; }

    public required Collection Prices { get; init; }

    public required Collection Customers { get; init; }

    public required Collection Addresses { get; init; }

    public required Collection Businesses { get; init; }

    public required Collection Discounts { get; init; }

    public required Collection Reports { get; init; }

    public required Keys Keys { get; init; }

    /// <summary>What is in the reports: the list of them is one more collection, the files are not.</summary>
    public ReportFiles ReportFiles { get; } = new();

    public PayoutBook Payouts { get; }

    public Agenda Agenda { get; } = new();

    public Choices Choices { get; set; } = new();

    public Account() => Payouts = new PayoutBook(this);

    /// <summary>Whoever changes the account holds this: one change after another.</summary>
    public Lock Gate { get; } = new();

    public Rates Rates => Past.Rates;

    private long made, invoices;

    public string NextInvoiceNumber() => $"325-{10_000 + Options.Transactions + Interlocked.Increment(ref invoices)}";

    public string NewUuid()
    {
        var dice = Dice.Of(Options.Seed).For(Purpose.Made, -Interlocked.Increment(ref made));
        var text = $"{dice.Bits(0):x16}{dice.Bits(1):x16}";
        return $"{text[..8]}-{text[8..12]}-4{text[13..16]}-a{text[17..20]}-{text[20..]}";
    }

    /// <summary>An id for something made now.</summary>
    public string NewId(string prefix, long now)
    {
        var number = Interlocked.Increment(ref made);
        return Ids.Of(prefix, now, number, Dice.Of(Options.Seed).For(Purpose.Made, number));
    }

    /// <summary>The account as of now, after everything that was due by then.</summary>
    public long CatchUp()
    {
        // The time is taken with the gate held, so that whatever gets a later id is also written later: nobody who reads in order misses a row.
        lock (Gate)
        {
            var now = Clock.Now;
            Agenda.CatchUp(now, Happen);
            return now;
        }
    }

    /// <summary>One change after another, each whole, with what it tells, or not at all.</summary>
    /// <param name="change">Gets the time.</param>
    public T Change<T>(Func<long, T> change)
    {
        lock (Gate)
        {
            var now = CatchUp();
            return Whole(() => change(now));
        }
    }

    /// <summary>Something happened to an object: an event, for whoever lists or is sent them, when the change that it is a part of is made.</summary>
    public void Tell(string type, JsonObject data, long at)
    {
        if (telling is null) Told?.Invoke(type, data, at);
        else telling.Add((type, data.DeepClone().AsObject(), at));
    }

    private List<(string Type, JsonObject Data, long At)>? telling;

    private void Happen(Action<long> act, long due)
    {
        try
        {
            Whole(() =>
            {
                act(due);
                return true;
            });
        }
        catch (Exception broken)
        {
            // What else is due goes on, and so does whoever only looked.
            Console.Error.WriteLine($"What was due at {Instants.Text(due)} did not happen: {broken}");
        }
    }

    private T Whole<T>(Func<T> change)
    {
        Collection[] all = [Transactions, Adjustments, Products, Prices, Customers, Addresses, Businesses, Discounts, Reports];
        var before = all.Select(one => one.Mark()).ToArray();
        telling = [];
        try
        {
            var result = change();
            var told = telling;
            telling = null;
            foreach (var (type, data, at) in told) Told?.Invoke(type, data, at);
            return result;
        }
        catch
        {
            for (var at = 0; at < all.Length; at++) all[at].Restore(before[at]);
            throw;
        }
        finally
        {
            telling = null;
        }
    }

    public Action<string, JsonObject, long>? Told { get; set; }

    /// <summary>The adjustments of a transaction as of now, oldest first: history's, and those made since.</summary>
    public IEnumerable<Row> AdjustmentsOf(string transaction, long now)
    {
        var ids = new SortedSet<string>(Adjustments.Group(transaction), StringComparer.Ordinal);
        if (Past.Transactions.Find(transaction) is >= 0 and var number) ids.UnionWith(Past.AdjustmentsOf(number).Select(Past.Adjustments.Id));
        return ids.Select(id => Adjustments.Find(id, now)).OfType<Row>();
    }

    public Collection? OfId(string id) => id[..Math.Max(0, id.IndexOf('_'))] switch
    {
        "txn" => Transactions,
        "adj" => Adjustments,
        "pro" => Products,
        "pri" => Prices,
        "ctm" => Customers,
        "add" => Addresses,
        "biz" => Businesses,
        "dsc" => Discounts,
        "rep" => Reports,
        _ => null,
    };
}

/// <summary>What dice are thrown for, so that no two throws hang together.</summary>
internal static class Purpose
{
    public const int
        Made = 1, Key = 2, Catalogue = 3, People = 4, Rates = 5, Plan = 6, Sale = 7, Adjustment = 8, Item = 9, Payment = 10, Event = 30, Secret = 31,
        Payout = 40, Rebate = 41, Report = 42;
}
