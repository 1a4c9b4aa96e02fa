using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Adjustments;

/// <summary>A refund or a credit, as a seller asks for it, and a chargeback, as only Paddle makes one.</summary>
internal static class CreateAdjustment
{
    private static readonly string[] Fields = ["action", "items", "reason", "transaction_id", "type", "tax_mode"];

    public static JsonObject Run(Account account, JsonObject body, long now)
    {
        if (body.FirstOrDefault(part => !Fields.Contains(part.Key)) is { Key: { } unknown }) throw Refused.Invalid(unknown, "cannot be set");
        var action = body.Needed("action", ["refund", "credit"]);
        var reason = body.Needed("reason");
        var id = body.Needed("transaction_id");
        var type = body.Text("type", ["full", "partial"]) ?? "partial";
        var transaction = account.Transactions.Find(id, now)?.Render(now) ?? throw Refused.Invalid("transaction_id", "is not a transaction of this account");
        Demand(transaction, action);
        var before = account.AdjustmentsOf(id, now).Select(row => row.Render(now)).Where(one => (string)one["status"]! != "rejected").ToList();
        if (action == "refund" && before.Any(one => (string)one["action"]! == "refund" && (string)one["status"]! == "pending_approval"))
            throw new Refused(400, "adjustment_pending_refund_request", "There is a refund for this transaction that was not decided yet.");

        var (sale, earlier) = (Sale(account, transaction, now), before.Select(AdjustingJson.Figures).ToList());
        var wanted = type == "full" ? Adjusting.Everything(sale, earlier) : Wanted(body, sale, earlier);
        if (wanted.Count == 0) throw new Refused(400, "adjustment_total_amount_above_remaining_allowed", "Nothing of this transaction is left.");
        var adjusted = Adjusting.Of(sale, earlier, wanted);
        if (adjusted.Totals.Net.Total == 0) throw new Refused(400, "adjustment_amount_cannot_be_zero", "The amount of an adjustment cannot be zero.");

        var made = Make(account, transaction, action, type, reason, adjusted, now);
        made["status"] = action == "refund" ? "pending_approval" : "approved";
        account.Adjustments.Put(made);
        account.Tell("adjustment.created", made, now);
        if (action == "refund") Decide.Later(account, (string)made["id"]!, now);
        else Decide.Touch(account, made, now);
        return made;
    }

    /// <summary>An adjustment object, without the status it begins with.</summary>
    public static JsonObject Make(Account account, JsonObject transaction, string action, string type, string reason, Adjusted adjusted, long now)
    {
        var holds = account.Choices.EarningsHoldRetainedFee == "yes";
        var currency = (string)transaction["currency_code"]!;
        var payout = (string?)transaction["details"]!["payout_totals"]?["currency_code"];
        return new JsonObject
        {
            ["id"] = account.NewId("adj", now),
            ["action"] = action,
            ["type"] = type,
            ["transaction_id"] = (string)transaction["id"]!,
            ["subscription_id"] = (string?)transaction["subscription_id"],
            ["customer_id"] = (string?)transaction["customer_id"],
            ["reason"] = reason,
            ["credit_applied_to_balance"] = action == "credit" ? false : null,
            ["currency_code"] = currency,
            ["status"] = "approved",
            ["items"] = new JsonArray([.. adjusted.Items.Select(item => new JsonObject
            {
                ["id"] = account.NewId("adjitm", now),
                ["item_id"] = item.LineId,
                ["type"] = item.Part.ToString().ToLowerInvariant(),
                ["amount"] = AdjustingJson.Text(item.Net.Total),
                ["proration"] = null,
                ["totals"] = AdjustingJson.Totals(item.Net),
            })]),
            ["totals"] = AdjustingJson.Totals(adjusted.Totals, currency, holds),
            ["payout_totals"] = payout is null ? null : AdjustingJson.Totals(adjusted.Payout, payout, holds),
            ["tax_rates_used"] = AdjustingJson.TaxRatesUsed(adjusted),
            ["created_at"] = Instants.Text(now),
            ["updated_at"] = Instants.Text(now),
        };
    }

    public static Adjustable Sale(Account account, JsonObject transaction, long now) =>
        AdjustingJson.Sale(transaction, account.Rates.Exchange((string)transaction["currency_code"]!, account.Options.Payout, now));

    private static void Demand(JsonObject transaction, string action)
    {
        var status = (string)transaction["status"]!;
        if (action == "refund" && status != "completed")
            throw new Refused(400, "adjustment_transaction_invalid_status_for_refund", $"A transaction has to be completed to be refunded, and not {status}.");
        if (action == "credit" && ((string)transaction["collection_mode"]! != "manual" || status is not ("billed" or "past_due")))
            throw new Refused(400, "adjustment_transaction_invalid_status_for_credit", "Only an invoice that is billed or past due can be credited.");
    }

    private static List<Wanted> Wanted(JsonObject body, Adjustable sale, List<Adjusted> earlier)
    {
        if (body.Array("items") is not { Count: > 0 and <= 100 } items) throw Refused.Invalid("items", "must hold 1 to 100 items");
        var left = Adjusting.Left(sale, earlier);
        var wanted = items.Select((item, at) => Wanted(body, sale, left, Body.Object(item, $"items[{at}]"), at)).ToList();
        return wanted.DistinctBy(one => one.LineId).Count() == wanted.Count ? wanted : throw Refused.Invalid("items", "must name each line once");
    }

    private static Wanted Wanted(JsonObject body, Adjustable sale, IReadOnlyList<Net> left, JsonObject item, int at)
    {
        var id = item.Needed("item_id");
        var line = sale.Lines.TakeWhile(one => one.Id != id).Count();
        if (line == sale.Lines.Count) throw Refused.Invalid($"items[{at}].item_id", "is not a line of this transaction");
        var part = Enum.Parse<Part>(item.Needed("type", ["full", "partial", "tax", "proration"]), ignoreCase: true);
        if (part is Part.Full or Part.Tax) return new(id, part);

        var isBeforeTax = body.Text("tax_mode", ["internal", "external"]) == "external";
        if (!long.TryParse(item.Needed("amount"), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            throw Refused.Invalid($"items[{at}].amount", "must be a whole number in the lowest denomination, as a string");
        if (amount == 0) throw new Refused(400, "adjustment_amount_cannot_be_zero", "The amount of an adjustment cannot be zero.");
        var most = isBeforeTax ? left[line].Subtotal : left[line].Total;
        if (amount > most) throw new Refused(400, "adjustment_amount_above_remaining_allowed", $"{amount} is more than the {most} that is left of {id}.");
        return new(id, part, amount, isBeforeTax);
    }
}
