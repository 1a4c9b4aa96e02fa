using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>Links to documents. They lead to the sandbox itself and serve a page of text: what counts is that they are there, and where not.</summary>
internal static class Invoice
{
    public static Answer Link(Account account, HttpContext http)
    {
        CheckDisposition(http);
        var transaction = account.Transactions.Existing("transaction", http.Id(), account.CatchUp());
        if ((string)transaction["status"]! is not ("billed" or "paid" or "completed" or "past_due"))
            throw new Refused(400, "transaction_invoice_not_found", "There is no invoice for a transaction with this status.");
        if ((string?)transaction["details"]?["totals"]?["total"] is "0")
            throw new Refused(400, "transaction_invoice_not_found", "There is no invoice for a transaction that costs nothing.");
        return Answer.Ok(Document(http, "invoices", (string)transaction["id"]!));
    }

    public static JsonObject Document(HttpContext http, string kind, string id) =>
        new() { ["url"] = $"{http.Request.Scheme}://{http.Request.Host}/documents/{kind}/{id}.pdf" };

    public static void CheckDisposition(HttpContext http)
    {
        if (http.Request.Query["disposition"].ToString() is not ("" or "attachment" or "inline"))
            throw Refused.Invalid("disposition", "must be attachment or inline");
    }
}
