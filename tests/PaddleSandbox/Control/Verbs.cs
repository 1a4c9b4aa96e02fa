using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Adjustments;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Transactions;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>What somebody other than the seller does with an object: a customer pays, Paddle decides, a bank takes money back.</summary>
internal static class Verbs
{
    private delegate void Act(Account account, JsonObject target, long now);

    private static readonly Dictionary<string, Act> OfTransactions = new()
    {
        ["pay"] = Life.Pay,
        ["complete"] = Life.Complete,
        ["bill"] = Life.Bill,
        ["cancel"] = Life.Cancel,
        ["fall-due"] = Life.FallDue,
    };

    private static readonly Dictionary<string, Act> OfAdjustments = new()
    {
        ["approve"] = Decide.Approve,
        ["reject"] = Decide.Reject,
        ["reverse"] = Decide.Reverse,
    };

    public static void MapVerbs(this IEndpointRouteBuilder control, Account account) => control.MapPost("/objects/{id}/{verb}", (string id, string verb) =>
    {
        return Results.Json(Endpoints.Change(account, now => Answer.Ok(Do(account, id, verb, now))).Data);
    });

    /// <summary>The object as it is afterwards; for a chargeback, the adjustment that it made.</summary>
    public static JsonObject Do(Account account, string id, string verb, long now)
    {
        var target = account.OfId(id)?.Find(id, now)?.Render(now) ?? throw Refused.Unknown("object", id);
        if (id.StartsWith("txn_", StringComparison.Ordinal))
        {
            if (verb is "charge-back" or "warn") return Decide.ChargeBack(account, target, verb == "warn" ? "chargeback_warning" : "chargeback", now);
            Named(OfTransactions, verb)(account, target, now);
            account.Transactions.Put(target);
            return target;
        }
        if (!id.StartsWith("adj_", StringComparison.Ordinal)) throw Refused.Invalid("id", "must be of a transaction or an adjustment");
        Named(OfAdjustments, verb)(account, target, now);
        return account.Adjustments.Existing("adjustment", id, now);
    }

    private static Act Named(Dictionary<string, Act> verbs, string verb) =>
        verbs.GetValueOrDefault(verb) ?? throw new Refused(404, "invalid_url", $"There is no {verb}: there are {string.Join(", ", verbs.Keys)}.");
}
