using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Transactions;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Adjustments;

/// <summary>What Paddle does with an adjustment: approve it, reject it, and undo one that counted.</summary>
internal static class Decide
{
    /// <summary>A refund is approved by itself after a while, if the choices say so and nobody was faster.</summary>
    public static void Later(Account account, string id, long now)
    {
        var minutes = long.Parse(account.Choices.ApproveRefundsAfterMinutes, CultureInfo.InvariantCulture);
        if (minutes == 0) return;
        account.Agenda.Add(now + (minutes * Instants.Minute), due =>
        {
            if (account.Adjustments.Find(id, due)?.Render(due) is { } refund && (string)refund["status"]! == "pending_approval") Approve(account, refund, due);
        });
    }

    public static void Approve(Account account, JsonObject adjustment, long now) => Become(account, adjustment, "approved", now);

    public static void Reject(Account account, JsonObject adjustment, long now) => Become(account, adjustment, "rejected", now);

    /// <summary>The original stays and becomes reversed; at the same instant a row with negative totals undoes it.</summary>
    public static void Reverse(Account account, JsonObject adjustment, long now)
    {
        var action = (string)adjustment["action"]!;
        if (action is not ("credit" or "chargeback" or "chargeback_warning") || (string)adjustment["status"]! != "approved")
            throw new Refused(400, "adjustment_cannot_be_reversed", "Only an approved credit, chargeback or chargeback warning can be reversed.");
        var transaction = account.Transactions.Existing("transaction", (string)adjustment["transaction_id"]!, now);
        var undone = AdjustingJson.Figures(adjustment).Reverse();
        var (type, reason) = ((string?)adjustment["type"] ?? "full", (string)adjustment["reason"]!);
        var reverse = CreateAdjustment.Make(account, transaction, action + "_reverse", type, reason, undone, now);
        adjustment["status"] = "reversed";
        adjustment["updated_at"] = Instants.Text(now);
        account.Adjustments.Put([Stored.Of(adjustment), Stored.Of(reverse)]);
        account.Tell("adjustment.created", reverse, now);
        if (account.Choices.ReversedIsTold == "yes") account.Tell("adjustment.updated", adjustment, now);
        Touch(account, reverse, now);
    }

    /// <summary>The customer's bank takes all that is left of a sale, or warns that it will.</summary>
    /// <param name="action">chargeback or chargeback_warning.</param>
    public static JsonObject ChargeBack(Account account, JsonObject transaction, string action, long now)
    {
        if ((string)transaction["status"]! != "completed")
            throw new Refused(400, "adjustment_transaction_invalid_status_for_refund", "Only a completed transaction can be charged back.");
        var earlier = account.AdjustmentsOf((string)transaction["id"]!, now).Select(row => row.Render(now))
            .Where(one => (string)one["status"]! != "rejected").Select(AdjustingJson.Figures).ToList();
        var sale = CreateAdjustment.Sale(account, transaction, now);
        var wanted = Adjusting.Everything(sale, earlier);
        if (wanted.Count == 0) throw new Refused(400, "adjustment_total_amount_above_remaining_allowed", "Nothing of this transaction is left.");
        var made = CreateAdjustment.Make(account, transaction, action, "full", "fraud", Adjusting.Of(sale, earlier, wanted), now);
        var fee = account.Rates.Convert(1_500, "USD", account.Options.Payout, now);
        var original = account.Options.Payout == "USD" ? null : new JsonObject { ["amount"] = "1500", ["currency_code"] = "USD" };
        made["payout_totals"]!["chargeback_fee"] = new JsonObject { ["amount"] = AdjustingJson.Text(fee), ["original"] = original };
        account.Adjustments.Put(made);
        account.Tell("adjustment.created", made, now);
        Touch(account, made, now);
        return made;
    }

    /// <summary>An adjustment came into effect: the transaction shows other adjusted totals.</summary>
    public static void Touch(Account account, JsonObject adjustment, long now)
    {
        if (account.Transactions.Find((string)adjustment["transaction_id"]!, now)?.Render(now) is not { } transaction) return;
        // Only an invoice that is not paid yet is asked less for.
        if ((string)transaction["status"]! is "billed" or "past_due") Settling.Credit(transaction, adjustment);
        account.Readjust(transaction, now);
        if (account.Choices.AdjustingTouchesTransaction == "yes")
        {
            transaction["updated_at"] = Instants.Text(now);
            account.Tell("transaction.updated", transaction, now);
        }
        account.Transactions.Put(transaction);
    }

    private static void Become(Account account, JsonObject adjustment, string status, long now)
    {
        if ((string)adjustment["status"]! != "pending_approval")
            throw new Refused(400, "adjustment_invalid_status_change", $"An adjustment that is {adjustment["status"]} cannot be {status}.");
        adjustment["status"] = status;
        adjustment["updated_at"] = Instants.Text(now);
        account.Adjustments.Put(adjustment);
        account.Tell("adjustment.updated", adjustment, now);
        if (status == "approved") Touch(account, adjustment, now);
    }
}
