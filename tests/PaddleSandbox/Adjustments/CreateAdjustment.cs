using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Adjustments;

/// <summary>A refund or a credit, as a seller asks for it, and a chargeback, as only Paddle makes one.</summary>
internal static class CreateAdjustment
{
    private static readonly string[] Parts = ["full", "partial", "tax", "proration"], TaxModes = ["internal", "external"];

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
        var items = type == "full" ? [] : Asked.Read(body);
        var before = account.AdjustmentsOf(id, now).Select(row => row.Render(now)).Where(one => (string)one["status"]! != "rejected").ToList();
        if (action == "refund" && before.Any(one => (string)one["action"]! == "refund" && (string)one["status"]! == "pending_approval"))
            throw new Refused(400, "adjustment_pending_refund_request", "There is a refund for this transaction that was not decided yet.");

        var (sale, earlier) = (Sale(account, transaction, now), before.Select(AdjustingJson.Figures).ToList());
        var wanted = type == "full" ? Adjusting.Everything(sale, earlier) : Wanted(items, sale, earlier, body.Text("tax_mode", TaxModes) == "external");
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
        var payout = (string?)transaction["details"]!["payout_totals"]?["currency_code"] ?? account.Options.Payout;
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
            ["payout_totals"] = AdjustingJson.Totals(adjusted.Payout, payout, holds),
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

    private static List<Wanted> Wanted(List<Asked> items, Adjustable sale, List<Adjusted> earlier, bool isBeforeTax)
    {
        var left = Adjusting.Left(sale, earlier);
        return [.. items.Select((item, at) =>
        {
            var line = sale.Lines.TakeWhile(one => one.Id != item.LineId).Count();
            if (line == sale.Lines.Count) throw Refused.Invalid($"items[{at}].item_id", "is not a line of this transaction");
            if (item.Amount is not { } amount) return new Wanted(item.LineId, item.Part);
            var most = isBeforeTax ? left[line].Subtotal : left[line].Total;
            return amount <= most ? new Wanted(item.LineId, item.Part, amount, isBeforeTax)
                : throw new Refused(400, "adjustment_amount_above_remaining_allowed", $"{amount} is more than the {most} that is left of {item.LineId}.");
        })];
    }

    /// <summary>One item as it was asked for.</summary>
    /// <param name="Amount">Null where all of the line, or all of its tax, is meant.</param>
    private sealed record Asked(string LineId, Part Part, long? Amount)
    {
        public static List<Asked> Read(JsonObject body)
        {
            if (body.Array("items") is not { Count: > 0 and <= 100 } items) throw Refused.Invalid("items", "must hold 1 to 100 items");
            var read = items.Select((item, at) => Read(Body.Object(item, $"items[{at}]"), $"items[{at}].")).ToList();
            return read.DistinctBy(one => one.LineId).Count() == read.Count ? read : throw Refused.Invalid("items", "must name each line once");
        }

        private static Asked Read(JsonObject item, string within)
        {
            var id = item.Needed("item_id", within: within);
            var part = Enum.Parse<Part>(item.Needed("type", Parts, within), ignoreCase: true);
            if (part is Part.Full or Part.Tax) return new(id, part, null);
            if (!long.TryParse(item.Needed("amount", within: within), NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
                throw Refused.Invalid(within + "amount", "must be a whole number in the lowest denomination, as a string");
            return amount > 0 ? new(id, part, amount)
                : throw new Refused(400, "adjustment_amount_cannot_be_zero", "The amount of an adjustment cannot be zero.");
        }
    }
}
