using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>An adjustment of the past as the API shows it at an instant.</summary>
internal sealed class RenderAdjustment(Chronicle chronicle)
{
    private static readonly string[] Actions =
        ["refund", "credit", "chargeback", "chargeback_warning", "chargeback_reverse", "chargeback_warning_reverse", "credit_reverse"];

    private static readonly string[] Reasons = ["error", "requested_by_customer", "duplicate", "fraudulent", "did not like it", "tax number added, \"late\""];
    private static readonly string[] DisputeCurrencies = ["AUD", "CAD", "EUR", "GBP", "USD"];

    public static string ActionOf(in AdjustmentRow row) => Actions[(int)row.Action];

    public JsonObject Of(int number, long now, bool holdRetainedFee)
    {
        var row = chronicle.Adjustments[number];
        var bill = chronicle.Bill(row.Sale);
        var figures = new AdjustmentFigures(chronicle).Of(row.Sale, bill).First(one => one.Number == number).Figures;
        var payout = AdjustingJson.Totals(figures.Payout, chronicle.Payout, holdRetainedFee);
        if (row.Action is Action.Chargeback or Action.ChargebackWarning)
            payout.Insert(payout.IndexOf("earnings"), "chargeback_fee", Figures.Dispute(row.HasFee ? DisputeFee(chronicle, number) : default));
        return new JsonObject
        {
            ["id"] = chronicle.AdjustmentId(number),
            ["action"] = ActionOf(row),
            ["type"] = row.Extent == Extent.Everything ? "full" : "partial",
            ["transaction_id"] = chronicle.SaleId(row.Sale),
            ["subscription_id"] = chronicle.SubscriptionId(chronicle.Sales[row.Sale].Subscription),
            ["customer_id"] = chronicle.CustomerId(chronicle.Sales[row.Sale].Customer),
            ["reason"] = Reason(number, row),
            ["credit_applied_to_balance"] = row.Action == Action.Credit ? row.IsToBalance : null,
            ["currency_code"] = bill.Currency,
            ["status"] = row.Status(now, chronicle.Reversed(row)),
            ["items"] = new JsonArray([.. figures.Items.Select((item, at) => (JsonNode)Item(number, at, item, row))]),
            ["totals"] = AdjustingJson.Totals(figures.Totals, bill.Currency, holdRetainedFee),
            ["payout_totals"] = payout,
            ["tax_rates_used"] = AdjustingJson.TaxRatesUsed(figures),
            ["created_at"] = Instants.Text(row.Created),
            ["updated_at"] = Instants.Text(Updated(chronicle, row, now)),
        };
    }

    public static long Updated(Chronicle chronicle, in AdjustmentRow row, long now)
    {
        var reversed = chronicle.Reversed(row);
        return reversed <= now ? reversed : row.Settled <= now ? row.Settled : row.Created;
    }

    /// <summary>The fee of a dispute: in the currency that is paid out, or in one it is converted from.</summary>
    public static DisputeFee DisputeFee(Chronicle chronicle, int number)
    {
        var (row, dice) = (chronicle.Adjustments[number], chronicle.AdjustmentDice(number));
        var currency = dice.Happens(5_000, 80) ? chronicle.Payout : dice.Pick(DisputeCurrencies, 81);
        var amount = dice.Happens(7_000, 82) ? 1_500 : 2_000;
        return currency == chronicle.Payout
            ? new(amount, null)
            : new(chronicle.Rates.Exchange(currency, chronicle.Payout, row.Created).Convert(amount), (amount, currency));
    }

    private JsonObject Item(int number, int at, AdjustedItem item, in AdjustmentRow row) => new()
    {
        ["id"] = Ids.Of("adjitm", row.Created, at, chronicle.AdjustmentDice(number).For(1, at)),
        ["item_id"] = item.LineId,
        ["type"] = item.Part switch
        {
            Part.Full => "full",
            Part.Tax => "tax",
            Part.Proration => "proration",
            _ => "partial",
        },
        ["amount"] = AdjustingJson.Text(item.Net.Total),
        ["proration"] = item.Part != Part.Proration ? null : new JsonObject
        {
            ["rate"] = new Ratio(row.Percent, 2).ToString(),
            ["billing_period"] = new JsonObject
            {
                ["starts_at"] = Instants.Text(row.Created),
                ["ends_at"] = Instants.Text(row.Created + (30 * Instants.Day / 100 * row.Percent)),
            },
        },
        ["totals"] = AdjustingJson.Totals(item.Net),
    };

    private string Reason(int number, in AdjustmentRow row) => row.Action switch
    {
        Action.Credit when row.Extent == Extent.Proration => "subscription_recurring",
        Action.CreditReverse => "subscription_update_failed",
        Action.Refund or Action.Credit => chronicle.AdjustmentDice(number).Pick(Reasons, 83),
        _ => chronicle.AdjustmentDice(number).Happens(6_000, 84) ? "fraudulent" : "disputed",
    };
}
