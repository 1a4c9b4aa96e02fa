using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Transactions;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Adjustments;

/// <summary>Adjustments: listed without any filter on dates, made, and their credit notes.</summary>
internal static class AdjustmentsApi
{
    public static readonly string[] Actions =
        ["credit", "credit_reverse", "refund", "chargeback", "chargeback_reverse", "chargeback_warning", "chargeback_warning_reverse"];

    public static readonly string[] Statuses = ["pending_approval", "approved", "rejected", "reversed"];

    public static void MapAdjustments(this IEndpointRouteBuilder routes, Account account)
    {
        routes.Read("/adjustments", "adjustment.read", http => Listing(account).Run(http, account));
        routes.Read("/adjustments/{id}/credit-note", "adjustment.read", http =>
        {
            Invoice.CheckDisposition(http);
            var adjustment = account.Adjustments.Existing("adjustment", http.Id(), account.CatchUp());
            if ((string)adjustment["status"]! is "pending_approval" or "rejected")
                throw new Refused(400, "adjustment_credit_note_not_found", "There is no credit note before an adjustment is approved.");
            return Answer.Ok(Invoice.Document(http, "credit-notes", (string)adjustment["id"]!));
        }, takes: ["disposition"]);
        routes.Write("POST", "/adjustments", "adjustment.write", account, (http, body, now) => Answer.Created(CreateAdjustment.Run(account, body, now)));
    }

    private static Listing Listing(Account account) => new(account.Adjustments, 10, 50, ["id"],
    [
        Filter.ById(account.Adjustments), new("customer_id", Takes.Ids), new("transaction_id", Takes.Ids) { Find = account.AdjustmentsOf },
        new("subscription_id", Takes.Ids),
        new("status", Takes.Many, Statuses), new("action", account.Choices.ActionList == "allow" ? Takes.Many : Takes.One, Actions),
    ]);
}
