using System.Globalization;

namespace Allocora.Connector;

/// <summary>What is asked of Paddle for the next page of a run.</summary>
/// <param name="Named">The ids it names, in lanes that name them.</param>
internal sealed record PaddleRequest(Lane Lane, string Path, IReadOnlyList<string> Named)
{
    /// <summary>What the rows of the answer are; null where they are no evidence of revenue.</summary>
    public RowKind? Kind => KindOf(Lane);

    /// <summary>The list that is read, without what is asked of it.</summary>
    public string List => Path.Split('?')[0];

    public static RowKind? KindOf(Lane lane) => lane switch
    {
        Lane.Events or Lane.PastPayouts or Lane.Products or Lane.Prices => null,
        Lane.Transactions or Lane.AwaitedTransactions => RowKind.Transaction,
        _ => RowKind.Adjustment,
    };
}

/// <summary>How each lane asks. Lists are read by ids, which never change, so that nothing moves from page to page while others write.</summary>
internal static class Requests
{
    /// <summary>As many ids as one request names, and at the most as many rows as Paddle gives back at once.</summary>
    public const int AdjustmentsNamed = 50, TransactionsNamed = 30, ReversalsNamed = 20;

    private const string EventTypes = "adjustment.created,adjustment.updated,product.created,product.updated,product.imported,"
        + "price.created,price.updated,price.imported,payout.created,payout.paid";

    private const string Adjustments = "/adjustments?order_by=id[ASC]&per_page=50";

    /// <param name="ids">The next ids of a lane that looks up what is in the database; none when it is at its end.</param>
    /// <returns>Null when the lane has nothing to ask.</returns>
    public static PaddleRequest? Of(RunPlan plan, Source source, IReadOnlyList<string> ids)
    {
        var after = plan.After is { } id ? $"&after={id}" : "";
        return plan.Now switch
        {
            // Who has never read them starts with the last one: what happened before is in the lists.
            Lane.Events when plan.EventsAfter is null => Ask("/events?order_by=id[DESC]&per_page=1"),
            Lane.Events => Ask($"/events?order_by=id[ASC]&per_page=200&event_type={EventTypes}&after={plan.After ?? plan.EventsAfter}"),
            Lane.PastPayouts => Ask($"/events?order_by=id[ASC]&per_page=200&event_type=payout.created,payout.paid{after}"),
            Lane.Transactions => Ask(Transactions(source, plan.Since is { } since ? $"&updated_at[GTE]={Instant(since)}" : "") + after),
            Lane.NewAdjustments => Ask((plan.After ?? plan.NewestAdjustment) is { } newest ? $"{Adjustments}&after={newest}" : Adjustments),
            Lane.OpenAdjustments => Name($"{Adjustments}&id=", ids),
            Lane.HintedAdjustments => Name($"{Adjustments}&id=", [.. plan.Hinted.Take(AdjustmentsNamed)], after),
            Lane.AdjustmentsOfReversals => Name($"{Adjustments}&transaction_id=", [.. plan.Reversals.Take(ReversalsNamed)], after),
            Lane.NewestReversed => Ask("/adjustments?order_by=id[DESC]&per_page=50&status=reversed"),
            Lane.OldestReversed => Ask($"{Adjustments}&status=reversed"),
            Lane.AllReversed => Ask($"{Adjustments}&status=reversed{after}"),
            Lane.AllAdjustments => Ask(Adjustments + after),
            Lane.AwaitedTransactions => Name(Transactions(source, "", "/transactions?order_by=id[ASC]&per_page=30") + "&id=", ids),
            Lane.Products => Ask($"/products?order_by=id[ASC]&per_page=200&status=active,archived{after}"),
            Lane.Prices => Ask($"/prices?order_by=id[ASC]&per_page=200&status=active,archived{after}"),
            _ => null,
        };

        PaddleRequest Ask(string path) => new(plan.Now.Value, path, []);

        PaddleRequest? Name(string path, IReadOnlyList<string> named, string rest = "") =>
            named.Count == 0 ? null : new(plan.Now.Value, path + string.Join(',', named) + rest, named);
    }

    /// <summary>The request for transactions that somebody named, such as an event.</summary>
    public static string TransactionsById(Source source, IReadOnlyList<string> ids) =>
        Transactions(source, "", "/transactions?order_by=id[ASC]&per_page=30") + $"&id={string.Join(',', ids)}";

    public static string AdjustmentsById(IReadOnlyList<string> ids) => $"{Adjustments}&id={string.Join(',', ids)}";

    private static string Transactions(Source source, string window, string list = "/transactions?order_by=id[ASC]&per_page=30&status=paid,completed")
    {
        var included = string.Join(',', source.Included);
        return list + window + (included.Length > 0 ? $"&include={included}" : "");
    }

    private static string Instant(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
