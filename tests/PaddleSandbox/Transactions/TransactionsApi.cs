using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>Transactions: listed, read, made, changed, previewed, revised, and their invoices.</summary>
internal static class TransactionsApi
{
    public static readonly string[] Statuses = ["draft", "ready", "billed", "paid", "completed", "canceled", "past_due"];

    public static readonly string[] Origins =
        ["api", "subscription_charge", "subscription_payment_method_change", "subscription_recurring", "subscription_update", "web"];

    public static void MapTransactions(this IEndpointRouteBuilder routes, Account account)
    {
        var listing = Listing(account);
        routes.Read("/transactions", "transaction.read", http =>
        {
            var include = Includes.Demanded(listing, http, account);
            return listing.Run(http, account, (transaction, _) => Includes.Add(account, transaction, include));
        });
        routes.Read("/transactions/{id}", "transaction.read", http =>
        {
            var include = Includes.Demanded(listing, http, account);
            var found = account.Transactions.Existing("transaction", http.Id(), account.CatchUp());
            Includes.Add(account, found, include);
            return Answer.Ok(found);
        }, takes: ["include"]);
        routes.Write("POST", "/transactions", "transaction.write", account, (http, body, now) =>
        {
            var include = Includes.Demanded(listing, http, account);
            var made = WriteTransaction.Create(account, body, now);
            Includes.Add(account, made, include);
            return Answer.Created(made);
        });
        routes.Write("PATCH", "/transactions/{id}", "transaction.write", account, (http, body, now) =>
        {
            var include = Includes.Demanded(listing, http, account);
            var changed = WriteTransaction.Update(account, account.Transactions.Existing("transaction", http.Id(), now), body, now);
            Includes.Add(account, changed, include);
            return Answer.Ok(changed);
        });
        routes.Write("POST", "/transactions/preview", "transaction.write", account, (_, body, now) => Answer.Ok(WriteTransaction.Preview(account, body, now)));
        routes.Write("POST", "/transactions/{id}/revise", "transaction.write", account, (http, body, now) =>
        {
            var transaction = account.Transactions.Existing("transaction", http.Id(), now);
            Life.Revise(account, transaction, body, now);
            account.Transactions.Put(transaction);
            return Answer.Ok(transaction);
        });
        routes.Read("/transactions/{id}/invoice", "transaction.read", http => Invoice.Link(account, http), takes: ["disposition"]);
    }

    private static Listing Listing(Account account) => new(account.Transactions, 30, 30, ["billed_at", "created_at", "id", "updated_at"],
    [
        Filter.ById(account.Transactions), new("status", Takes.Many, Statuses), new("customer_id", Takes.Ids), new("subscription_id", Takes.Ids),
        new("invoice_number", Takes.Ids), new("origin", Takes.Many, Origins), new("collection_mode", Takes.One, ["automatic", "manual"]),
        new("created_at", Takes.Time), new("updated_at", Takes.Time), new("billed_at", Takes.Time),
    ])
    {
        Include = Includes.All,
    };
}
