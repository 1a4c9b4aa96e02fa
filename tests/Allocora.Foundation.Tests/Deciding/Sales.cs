using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Allocora.EventStore;

namespace Allocora.Foundation.Tests.Deciding;

[JsonConverter(typeof(JsonStringEnumConverter<Channel>))]
public enum Channel
{
    Web,
    Invoice,
}

public abstract record SaleHappened;

/// <summary>Version 1 held the amount as text and knew no channel; everything came from the web.</summary>
public sealed record SaleRecorded(string Sale, long Gross, Channel Channel, string? Note = null) : SaleHappened;

public sealed record SaleContradicted(string Sale, long Recorded, long Seen) : SaleHappened;

/// <summary>A small ledger of sales: what decides on a stream in these tests.</summary>
internal sealed record Sales(long? Gross = null, long? Contradiction = null)
{
    public static readonly Decider<Sales, SaleHappened> Decider = new(new(), Evolve);

    public static readonly EventCatalog Catalog = new EventCatalog().Add<SaleRecorded>(NamesTheGross).Add<SaleContradicted>();

    public static Decision<SaleHappened> Decide(Sales state, string sale, long gross)
    {
        if (gross < 0) return new Refusal("sale.negative", "A sale is not negative.");
        if (state.Gross is not { } recorded) return new SaleRecorded(sale, gross, Channel.Web);
        return gross == recorded || gross == state.Contradiction
            ? Decision.Nothing<SaleHappened>()
            : new SaleContradicted(sale, recorded, gross);
    }

    public static Sales Evolve(Sales state, SaleHappened happened) => happened switch
    {
        SaleRecorded e => state with { Gross = e.Gross },
        SaleContradicted e => state with { Contradiction = e.Seen },
        _ => throw new InvalidOperationException($"{happened.GetType().Name} has no place in Sales."),
    };

    private static JsonObject NamesTheGross(JsonObject data)
    {
        data[nameof(Gross)] = long.Parse((string)data["Amount"]!, provider: null);
        data["Channel"] = "Web";
        data.Remove("Amount");
        return data;
    }
}
