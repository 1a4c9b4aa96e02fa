using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using static Allocora.PaddleSandbox.Money.AdjustingJson;

namespace Allocora.PaddleSandbox.History;

/// <summary>The totals of a transaction of the past: as sold, as adjusted, and both in the currency that is paid out.</summary>
internal static class RenderTotals
{
    public static JsonObject Sums(Sums sums) => new()
    {
        ["subtotal"] = Text(sums.Subtotal),
        ["discount"] = Text(sums.Discount),
        ["tax"] = Text(sums.Tax),
        ["total"] = Text(sums.Total),
    };

    public static JsonObject Sold(SaleAsOf sale)
    {
        var (totals, sum) = (sale.Bill.Totals, sale.Bill.Totals.Sum);
        var json = Sums(sum);
        Due(json, totals.Credit + sale.Credited.Total, totals.CreditToBalance, Balance(sale), sale.GrandTotal, totals.GrandTotalTax - sale.Credited.Tax);
        json["fee"] = sale.IsFigured ? Text(sale.Fee) : null;
        json["earnings"] = sale.IsFigured ? Text(sum.Total - sum.Tax - sale.Fee) : null;
        json["currency_code"] = sale.Bill.Currency;
        return json;
    }

    public static JsonObject Adjusted(SaleAsOf sale, bool holdRetainedFee)
    {
        var (totals, taken) = (sale.Bill.Totals, sale.Taken);
        var left = Net(totals.Sum) - taken.Net;
        var fee = sale.IsFigured ? sale.Fee - taken.Fee : 0;
        var json = Totals(left);
        json["grand_total"] = Text(left.Total - totals.Credit + totals.CreditToBalance);
        json["grand_total_tax"] = Text(left.Tax - totals.Sum.Tax + totals.GrandTotalTax);
        json["fee"] = Text(fee);
        json["retained_fee"] = Text(taken.RetainedFee);
        json["earnings"] = Text(sale.IsFigured ? Earnings(left, fee, taken.RetainedFee, holdRetainedFee) : 0);
        json["currency_code"] = sale.Bill.Currency;
        return json;
    }

    public static JsonObject? Payout(SaleAsOf sale)
    {
        if (!sale.IsFigured) return null;
        var (totals, into) = (sale.Bill.Totals, sale.Exchange);
        var (paid, fee) = (Payout(totals.Sum, into), into.Convert(sale.Fee));
        var json = Sums(paid);
        Due(json, into.Convert(totals.Credit + sale.Credited.Total), into.Convert(totals.CreditToBalance), into.Convert(Balance(sale)),
            into.Convert(sale.GrandTotal), into.Convert(totals.GrandTotalTax - sale.Credited.Tax));
        json["fee"] = Text(fee);
        json["earnings"] = Text(paid.Total - paid.Tax - fee);
        json["currency_code"] = into.To;
        json["exchange_rate"] = into.Rate.ToString();
        json["fee_rate"] = "0.05";
        return json;
    }

    public static JsonObject? AdjustedPayout(SaleAsOf sale, bool holdRetainedFee)
    {
        if (!sale.IsFigured) return null;
        var (into, taken) = (sale.Exchange, sale.TakenInPayout);
        var left = Net(Payout(sale.Bill.Totals.Sum, into)) - taken.Net;
        var fee = into.Convert(sale.Fee) - taken.Fee;
        var json = Totals(left);
        json["fee"] = Text(fee);
        json["retained_fee"] = Text(taken.RetainedFee);
        json["chargeback_fee"] = Dispute(sale.DisputeFee);
        json["earnings"] = Text(Earnings(left, fee, taken.RetainedFee, holdRetainedFee));
        json["currency_code"] = into.To;
        json["exchange_rate"] = into.Rate.ToString();
        return json;
    }

    public static JsonObject Dispute(DisputeFee fee) => new()
    {
        ["amount"] = Text(fee.Amount),
        ["original"] = fee.Original is var (amount, currency) ? new JsonObject { ["amount"] = Text(amount), ["currency_code"] = currency } : null,
    };

    // What is converted are the amounts that are paid; the subtotal is what makes them add up.
    private static Sums Payout(Sums sold, Exchange into)
    {
        var (discount, tax, total) = (into.Convert(sold.Discount), into.Convert(sold.Tax), into.Convert(sold.Total));
        return Money.Sums.Of(total + discount - tax, discount, tax);
    }

    private static Net Net(Sums sums) => new(sums.Subtotal - sums.Discount, sums.Tax);

    private static long Earnings(Net left, long fee, long retained, bool holdRetainedFee) => left.Subtotal - fee - (holdRetainedFee ? retained : 0);

    private static long Balance(SaleAsOf sale) => sale.Stages.Paid <= sale.Now ? 0 : sale.GrandTotal;

    private static void Due(JsonObject json, long credit, long creditToBalance, long balance, long grandTotal, long grandTotalTax)
    {
        json["credit"] = Text(credit);
        json["credit_to_balance"] = Text(creditToBalance);
        json["balance"] = Text(balance);
        json["grand_total"] = Text(grandTotal);
        json["grand_total_tax"] = Text(grandTotalTax);
    }
}
