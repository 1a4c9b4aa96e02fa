using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>A sale and who it was to, looked up once for its row or rows.</summary>
internal sealed record Sale(View View, JsonObject Json)
{
    public string? Currency { get; } = Json.Word("currency_code");

    public JsonObject? Customer { get; } = Json.Part("customer") ?? View.Look(View.Customers, Json.Word("customer_id"));

    public JsonObject? Address { get; } = Json.Part("address") ?? View.Look(View.Addresses, Json.Word("address_id"));

    public JsonObject? Business { get; } = Json.Part("business") ?? View.Look(View.Businesses, Json.Word("business_id"));

    public JsonObject? Totals { get; } = Json.Part("details").Part("totals");

    public JsonObject? Payout { get; } = Json.Part("details").Part("payout_totals");
}

/// <summary>One line of a sale.</summary>
internal sealed record SaleLine(Sale Sale, JsonObject Json);

/// <summary>The reports of transactions, and of their lines.</summary>
internal static class TransactionReports
{
    private static readonly string[] Amounts =
    [
        "subtotal", "discount", "tax", "total", "credit", "credit_to_balance", "balance", "grand_total", "grand_total_tax", "fee", "earnings",
    ];

    private static readonly Column<Sale>[] Parties =
    [
        new("status", sale => sale.Json.Word("status")), new("invoice_number", sale => sale.Json.Word("invoice_number")),
        new("customer_id", sale => sale.Json.Word("customer_id")), new("customer_email", sale => sale.Customer.Word("email")),
        new("address_id", sale => sale.Json.Word("address_id")), new("address_country_code", sale => sale.Address.Word("country_code")),
        new("business_id", sale => sale.Json.Word("business_id")), new("business_name", sale => sale.Business.Word("name")),
    ];

    private static readonly Column<Sale>[] Times =
    [
        new("subscription_id", sale => sale.Json.Word("subscription_id")), new("created_at", sale => sale.Json.Word("created_at")),
        new("updated_at", sale => sale.Json.Word("updated_at")), new("billed_at", sale => sale.Json.Word("billed_at")),
        new("origin", sale => sale.Json.Word("origin")), new("collection_mode", sale => sale.Json.Word("collection_mode")),
        new("currency_code", sale => sale.Currency),
    ];

    private static readonly Column<Sale>[] OfTransaction =
    [
        new("id", sale => sale.Json.Word("id")), .. Parties,
        new("price_ids", sale => Cell.List(sale.Json.Parts("items").Select(item => item.Part("price").Word("id")))),
        new("discount_ids", sale => sale.Json.Word("discount_id")), .. Times,
        .. Amounts.Select(field => new Column<Sale>(field, sale => Cell.Money(sale.Totals, field, sale.Currency))),
        new("balance_currency_code", sale => sale.Payout.Word("currency_code")),
        new("exchange_rate", sale => sale.Payout.Word("exchange_rate")),
        .. Amounts.Select(field => new Column<Sale>("balance_currency_" + field, sale => Cell.Money(sale.Payout, field, sale.Payout.Word("currency_code")))),
    ];

    private static readonly Column<SaleLine>[] OfLine =
    [
        new("id", line => line.Json.Word("id")), new("transaction_id", line => line.Sale.Json.Word("id")),
        .. Parties.Concat(Times).Select(column => new Column<SaleLine>(column.Name, line => column.Of(line.Sale))),
        new("price_id", line => line.Json.Word("price_id")), new("product_id", line => line.Json.Part("product").Word("id")),
        new("product_name", line => line.Json.Part("product").Word("name")), new("quantity", line => line.Json.Word("quantity")),
        new("proration_rate", line => line.Json.Part("proration").Word("rate")), new("tax_rate", line => line.Json.Word("tax_rate")),
        .. new[] { "unit_totals", "totals" }.SelectMany(part => Amounts[..4].Select(field => new Column<SaleLine>(
            part == "totals" ? field : "unit_" + field, line => Cell.Money(line.Json.Part(part), field, line.Sale.Currency)))),
    ];

    public static Sheet Whole(View view, Question question)
    {
        var found = new Lazy<ByTime>(() => Find(view, question));
        return Sheet.Of(OfTransaction, () => found.Value.Count, () => Sales(view, found.Value));
    }

    public static Sheet Lines(View view, Question question)
    {
        var found = new Lazy<ByTime>(() => Find(view, question));
        int Count() => found.Value.InOrder().Sum(one => one.Row.Render(view.At).Part("details").Parts("line_items").Count());
        return Sheet.Of(OfLine, Count, () => Sales(view, found.Value)
            .SelectMany(sale => sale.Json.Part("details").Parts("line_items").Select(line => new SaleLine(sale, line))));
    }

    private static ByTime Find(View view, Question question)
    {
        var found = new ByTime(view.Transactions);
        foreach (var row in view.Rows(view.Transactions))
        {
            var updated = row.Time("updated_at", view.At);
            if (!question.Covers("updated_at", updated)) continue;
            if (Takes("status", row) && Takes("currency_code", row) && Takes("origin", row) && Takes("collection_mode", row)) found.Add(updated ?? 0, 0, row);
        }
        return found;

        // The currency is not a filter of the list of transactions: history may know it only in the whole object.
        bool Takes(string name, Row row) => !question.Has(name) || question.Takes(name, row.Text(name, view.At) ?? row.Render(view.At).Word(name));
    }

    private static IEnumerable<Sale> Sales(View view, ByTime found) => found.InOrder().Select(one => new Sale(view, one.Row.Render(view.At)));
}
