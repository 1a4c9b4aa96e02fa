using System.Text.Json.Nodes;
using static Allocora.PaddleSandbox.Money.AdjustingJson;

namespace Allocora.PaddleSandbox.Money;

/// <summary>What Paddle charges the seller for a dispute.</summary>
/// <param name="Original">Null where it was charged in the currency that is paid out.</param>
internal readonly record struct DisputeFee(long Amount, (long Amount, string Currency)? Original);

/// <summary>A transaction in figures, in its own currency, and how the API writes them: as sold, as adjusted, and both as they are paid out.</summary>
/// <param name="Credit">What the customer's balance pays of it.</param>
/// <param name="CreditToBalance">What it adds to that balance.</param>
/// <param name="GrandTotalTax">The tax in what there was to pay before anything was credited.</param>
/// <param name="Credited">What was credited while it was an invoice to be paid.</param>
/// <param name="Due">What is still to be paid.</param>
/// <param name="Fee">Null as long as it is not processed.</param>
internal sealed record Figures(string Currency, Sums Sum, long Credit, long CreditToBalance, long GrandTotalTax, Net Credited, long Due, long? Fee)
{
    private const string FeeRate = "0.05";

    public long GrandTotal => Sum.Total - Credit + CreditToBalance - Credited.Total;

    public JsonObject Sold()
    {
        var json = Write(Sum);
        json["credit"] = Text(Credit + Credited.Total);
        json["credit_to_balance"] = Text(CreditToBalance);
        json["balance"] = Text(Due);
        json["grand_total"] = Text(GrandTotal);
        json["grand_total_tax"] = Text(GrandTotalTax - Credited.Tax);
        json["fee"] = Fee is { } fee ? Text(fee) : null;
        json["earnings"] = Fee is { } known ? Text(Sum.Total - Sum.Tax - known) : null;
        json["currency_code"] = Currency;
        return json;
    }

    public JsonObject Adjusted(Taken taken, bool holdRetainedFee)
    {
        var left = Net(Sum) - taken.Net;
        var json = Totals(left);
        json["grand_total"] = Text(left.Total - Credit + CreditToBalance);
        json["grand_total_tax"] = Text(left.Tax - Sum.Tax + GrandTotalTax);
        json["fee"] = Text(Fee is { } fee ? fee - taken.Fee : 0);
        json["retained_fee"] = Text(taken.RetainedFee);
        json["earnings"] = Text(Fee is { } known ? Net(Sum).Subtotal - known - taken.Earnings(holdRetainedFee) : 0);
        json["currency_code"] = Currency;
        return json;
    }

    /// <summary>Null as long as it is not processed.</summary>
    public JsonObject? Payout(Exchange into)
    {
        if (Fee is not { } fee) return null;
        var (paid, payoutFee) = (Paid(into), into.Convert(fee));
        var json = Write(paid);
        json["credit"] = Text(into.Convert(Credit + Credited.Total));
        json["credit_to_balance"] = Text(into.Convert(CreditToBalance));
        json["balance"] = Text(into.Convert(Due));
        json["grand_total"] = Text(into.Convert(GrandTotal));
        json["grand_total_tax"] = Text(into.Convert(GrandTotalTax - Credited.Tax));
        json["fee"] = Text(payoutFee);
        json["earnings"] = Text(paid.Total - paid.Tax - payoutFee);
        json["currency_code"] = into.To;
        json["exchange_rate"] = into.Rate.ToString();
        json["fee_rate"] = FeeRate;
        return json;
    }

    public JsonObject? AdjustedPayout(Exchange into, Taken taken, DisputeFee dispute, bool holdRetainedFee)
    {
        if (Fee is not { } fee) return null;
        var (paid, payoutFee) = (Net(Paid(into)), into.Convert(fee));
        var json = Totals(paid - taken.Net);
        json["fee"] = Text(payoutFee - taken.Fee);
        json["retained_fee"] = Text(taken.RetainedFee);
        json["chargeback_fee"] = Dispute(dispute);
        json["earnings"] = Text(paid.Subtotal - payoutFee - taken.Earnings(holdRetainedFee));
        json["currency_code"] = into.To;
        json["exchange_rate"] = into.Rate.ToString();
        return json;
    }

    public static JsonObject Write(Sums sums) => new()
    {
        ["subtotal"] = Text(sums.Subtotal),
        ["discount"] = Text(sums.Discount),
        ["tax"] = Text(sums.Tax),
        ["total"] = Text(sums.Total),
    };

    public static JsonObject Dispute(DisputeFee fee) => new()
    {
        ["amount"] = Text(fee.Amount),
        ["original"] = fee.Original is var (amount, currency) ? new JsonObject { ["amount"] = Text(amount), ["currency_code"] = currency } : null,
    };

    // What is converted are the amounts that are paid; the subtotal is what makes them add up.
    private Sums Paid(Exchange into)
    {
        var (discount, tax, total) = (into.Convert(Sum.Discount), into.Convert(Sum.Tax), into.Convert(Sum.Total));
        return Sums.Of(total + discount - tax, discount, tax);
    }

    private static Net Net(Sums sums) => new(sums.Subtotal - sums.Discount, sums.Tax);
}
