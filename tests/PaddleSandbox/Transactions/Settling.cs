using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;
using static Allocora.PaddleSandbox.Money.AdjustingJson;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>What a transaction object shows of money once it was processed, and once it was adjusted.</summary>
internal static class Settling
{
    /// <summary>Fee, earnings and what is paid out.</summary>
    public static void Settle(JsonObject transaction, Exchange exchange)
    {
        var read = Read(transaction, []);
        var figures = read with { Due = 0, Fee = Money.Totals.Fee(read.GrandTotal, Rates.FiftyCents(exchange.From)) };
        transaction["details"]!["totals"] = figures.Sold();
        transaction["details"]!["payout_totals"] = figures.Payout(exchange);
    }

    /// <summary>An invoice that is not paid yet is lowered by a credit, or raised again when that is undone.</summary>
    public static void Credit(JsonObject transaction, JsonObject credit)
    {
        var figures = Read(transaction, []);
        var net = Figures(credit).Totals.Net;
        transaction["details"]!["totals"] = (figures with { Credited = net, Due = figures.Due - net.Total }).Sold();
    }

    private static void Readjust(JsonObject transaction, IEnumerable<JsonObject> adjustments, bool holdRetainedFee)
    {
        var effective = adjustments.Where(one => (string?)one["status"] is "approved" or "reversed").ToList();
        var (taken, paid, dispute) = (default(Taken), default(Taken), default(DisputeFee));
        foreach (var one in effective)
        {
            var figures = Figures(one);
            (taken, paid) = (taken + figures.Totals, paid + figures.Payout);
            if (Fee(one) is { } fee) dispute = fee with { Amount = dispute.Amount + fee.Amount };
        }
        var (details, sold) = (transaction["details"]!, Read(transaction, effective));
        details["adjusted_totals"] = sold.Adjusted(taken, holdRetainedFee);
        if (details["payout_totals"] is { } payout) details["adjusted_payout_totals"] = sold.AdjustedPayout(Into(sold, payout), paid, dispute, holdRetainedFee);
    }

    /// <summary>The totals after the adjustments that came into effect, in both currencies.</summary>
    public static void Readjust(this Account account, JsonObject transaction, long now) => Readjust(
        transaction, account.AdjustmentsOf((string)transaction["id"]!, now).Select(row => row.Render(now)), account.Choices.EarningsHoldRetainedFee == "yes");

    // The credit that is shown holds what was credited by adjustments.
    private static Figures Read(JsonObject transaction, List<JsonObject> adjustments)
    {
        var totals = transaction["details"]!["totals"]!;
        var credited = adjustments.Where(one => (string?)one["status"] == "approved" && one["credit_applied_to_balance"]?.GetValueKind() == JsonValueKind.False)
            .Aggregate(default(Net), (sum, one) => sum + Figures(one).Totals.Net);
        return new(
            (string)totals["currency_code"]!, Sums.Of(Amount(totals, "subtotal"), Amount(totals, "discount"), Amount(totals, "tax")),
            Amount(totals, "credit") - credited.Total, Amount(totals, "credit_to_balance"), Amount(totals, "grand_total_tax") + credited.Tax, credited,
            Amount(totals, "balance"), totals["fee"] is null ? null : Amount(totals, "fee"));
    }

    private static Exchange Into(Figures sold, JsonNode payout) => new(sold.Currency, (string)payout["currency_code"]!, Rate(payout, "exchange_rate"));

    private static DisputeFee? Fee(JsonObject adjustment)
    {
        if (adjustment["payout_totals"]?["chargeback_fee"] is not JsonObject fee) return null;
        return new(Amount(fee, "amount"), fee["original"] is { } original ? (Amount(original, "amount"), (string)original["currency_code"]!) : null);
    }
}
