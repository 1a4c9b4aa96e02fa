using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What there is, by a way of its own: what somebody who read everything through the API has to have found.</summary>
internal static class TruthApi
{
    public static void MapTruth(this IEndpointRouteBuilder routes, Account account)
    {
        routes.MapGet("/truth", (RequestDelegate)(http => http.Say(All(account))));
        routes.MapGet("/truth/transactions", (RequestDelegate)(http => Lines(http, Transactions(account, account.CatchUp()))));
        routes.MapGet("/truth/adjustments", (RequestDelegate)(http => Lines(http, Adjustments(account, account.CatchUp()))));
    }

    private static IEnumerable<TruthRow> Transactions(Account account, long now) =>
        account.Transactions.Scan(now, ascending: true).Select(row => TruthRow.OfTransaction(row.Render(now)));

    private static IEnumerable<TruthRow> Adjustments(Account account, long now) =>
        account.Adjustments.Scan(now, ascending: true).Select(row => TruthRow.OfAdjustment(row.Render(now)));

    private static JsonObject All(Account account)
    {
        var now = account.CatchUp();
        var (transactions, adjustments) = (new TruthSums("status", "currency_code"), new TruthSums("action", "status", "currency_code"));
        var (sold, adjusted) = (new TruthSums("currency_code"), new TruthSums("currency_code"));
        foreach (var row in Transactions(account, now))
        {
            transactions.Add(row, row.Status, row.Currency);
            if (row.IsRevenue) sold.Add(row, row.Currency);
        }
        foreach (var row in Adjustments(account, now))
        {
            adjustments.Add(row, row.Action, row.Status, row.Currency);
            if (row.IsRevenue) adjusted.Add(row, row.Currency);
        }
        return new()
        {
            ["now"] = Instants.Text(now),
            ["transactions"] = transactions.Json(),
            ["adjustments"] = adjustments.Json(),
            ["revenue"] = new JsonObject { ["transactions"] = sold.Json(), ["adjustments"] = adjusted.Json() },
        };
    }

    private static async Task Lines(HttpContext http, IEnumerable<TruthRow> rows)
    {
        var statuses = http.Request.Query["status"].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries);
        var (from, to) = (Time(http, "from"), Time(http, "to"));
        http.Response.ContentType = "application/x-ndjson";
        await using var body = new BufferedStream(http.Response.Body, 1 << 16);
        foreach (var row in rows)
        {
            if ((statuses.Length > 0 && !statuses.Contains(row.Status)) || !row.IsUpdatedWithin(from, to)) continue;
            await body.WriteAsync((byte[])[.. Answer.Bytes(row.Json()), (byte)'\n'], http.RequestAborted);
        }
    }

    private static long? Time(HttpContext http, string name)
    {
        if (http.Request.Query[name].ToString() is not { Length: > 0 } text) return null;
        return Instants.Parse(text) ?? throw Refused.Invalid(name, "must be a time of RFC 3339");
    }
}
