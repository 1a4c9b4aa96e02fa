using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;

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

    public Agenda Agenda { get; } = new();

    public Choices Choices { get; set; } = new();

    /// <summary>Whoever changes the account holds this: one change after another.</summary>
    public Lock Gate { get; } = new();

    private long made;

    /// <summary>An id for something made now.</summary>
    public string NewId(string prefix, long now)
    {
        var number = Interlocked.Increment(ref made);
        return Ids.Of(prefix, now, number, Dice.Of(Options.Seed).For(Purpose.Made, number));
    }

    /// <summary>The account as of now, after everything that was due by then.</summary>
    public long CatchUp()
    {
        var now = Clock.Now;
        lock (Gate) Agenda.CatchUp(now);
        return now;
    }

    /// <summary>Something happened to an object: an event, for whoever lists or is sent them. Called with the gate held, or before anybody calls.</summary>
    public void Tell(string type, JsonObject data, long at) => Told?.Invoke(type, data, at);

    public Action<string, JsonObject, long>? Told { get; set; }

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
    public const int Made = 1, Key = 2, Catalogue = 3, People = 4, Rates = 5, Plan = 6, Sale = 7, Adjustment = 8, Item = 9, Payment = 10;
}
