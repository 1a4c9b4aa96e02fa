using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>What becomes of a transaction: each step changes the object, and tells what happened. Saving it is the caller's.</summary>
internal static class Life
{
    public static void Bill(Account account, JsonObject transaction, long now)
    {
        Demand(transaction, "billed", "ready");
        if ((string)transaction["collection_mode"]! != "manual") throw Refused.Invalid("status", "only a transaction collected manually can be billed");
        Invoice(account, transaction, now);
        Become(account, transaction, "billed", now);
    }

    public static void Cancel(Account account, JsonObject transaction, long now)
    {
        Demand(transaction, "canceled", "draft", "ready", "billed", "past_due");
        Become(account, transaction, "canceled", now);
    }

    public static void FallDue(Account account, JsonObject transaction, long now)
    {
        Demand(transaction, "past_due", "ready", "billed");
        Invoice(account, transaction, now);
        Become(account, transaction, "past_due", now);
    }

    /// <summary>The customer pays. What Paddle makes of it is not known yet.</summary>
    public static void Pay(Account account, JsonObject transaction, long now)
    {
        Demand(transaction, "paid", "ready", "billed", "past_due");
        if (AdjustingJson.Amount(transaction["details"]!["totals"]!, "grand_total") > 0)
            transaction["payments"]!.AsArray().Insert(0, Payment(account, transaction, now));
        transaction["details"]!["totals"]!["balance"] = "0";
        transaction["billed_at"] ??= Instants.Text(now);
        Become(account, transaction, "paid", now);
    }

    /// <summary>Paid, if it was not, and processed: fee, earnings and payout totals are known.</summary>
    public static void Complete(Account account, JsonObject transaction, long now)
    {
        if ((string)transaction["status"]! != "paid") Pay(account, transaction, now);
        Invoice(account, transaction, now);
        Settling.Settle(transaction, account.Rates.Exchange((string)transaction["currency_code"]!, account.Options.Payout, now));
        account.Readjust(transaction, now);
        transaction["status"] = "completed";
        transaction["updated_at"] = Instants.Text(now);
        account.Tell("transaction.updated", transaction, now);
        account.Tell("transaction.completed", transaction, now);
    }

    /// <summary>Details of the customer are put right on an invoice that was issued.</summary>
    public static void Revise(Account account, JsonObject transaction, JsonObject body, long now)
    {
        Demand(transaction, "revised", "billed", "paid", "completed", "past_due");
        if (body.FirstOrDefault(part => part.Key is not ("customer" or "business" or "address")) is { Key: { } unknown })
            throw Refused.Invalid(unknown, "cannot be revised");
        if (transaction["revised_at"] is not null) throw new Refused(400, "transaction_already_revised", "A transaction can be revised once.");
        if (body.Count == 0) throw Refused.Invalid("customer", "one of customer, business or address is required");
        _ = (body.Object("customer"), body.Object("business"), body.Object("address"));
        transaction["revised_at"] = Instants.Text(now);
        transaction["updated_at"] = Instants.Text(now);
        account.Tell("transaction.revised", transaction, now);
        account.Tell("transaction.updated", transaction, now);
    }

    private static void Become(Account account, JsonObject transaction, string status, long now)
    {
        transaction["status"] = status;
        transaction["updated_at"] = Instants.Text(now);
        account.Tell("transaction." + status, transaction, now);
        account.Tell("transaction.updated", transaction, now);
    }

    private static void Invoice(Account account, JsonObject transaction, long now)
    {
        transaction["billed_at"] ??= Instants.Text(now);
        transaction["invoice_id"] ??= account.NewId("inv", now);
        transaction["invoice_number"] ??= account.NextInvoiceNumber();
    }

    private static JsonObject Payment(Account account, JsonObject transaction, long now) => new()
    {
        ["payment_attempt_id"] = account.NewUuid(),
        ["stored_payment_method_id"] = account.NewUuid(),
        ["payment_method_id"] = account.NewId("paymtd", now),
        ["amount"] = (string)transaction["details"]!["totals"]!["grand_total"]!,
        ["status"] = "captured",
        ["error_code"] = null,
        ["method_details"] = new JsonObject
        {
            ["type"] = "card",
            ["underlying_details"] = null,
            ["card"] = new JsonObject
            {
                ["type"] = "visa",
                ["last4"] = "4242",
                ["expiry_month"] = 12,
                ["expiry_year"] = 2030,
                ["cardholder_name"] = "A Customer",
            },
        },
        ["created_at"] = Instants.Text(now),
        ["captured_at"] = Instants.Text(now),
    };

    private static void Demand(JsonObject transaction, string what, params string[] from)
    {
        var status = (string)transaction["status"]!;
        if (!from.Contains(status))
            throw new Refused(400, "transaction_invalid_status_change",
                $"A transaction that is {status} cannot be {what}: it has to be {string.Join(" or ", from)}.");
    }
}
