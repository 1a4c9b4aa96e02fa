using Allocora.PaddleSandbox.Adjustments;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.Payouts;
using Allocora.PaddleSandbox.Transactions;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>A filter a type of report has: a time, or a list of values.</summary>
/// <param name="Values">What there is to choose from; null where anything may be named.</param>
internal sealed record Rule(string Name, string[]? Values = null, bool IsTime = false)
{
    public static Rule Time(string name) => new(name, null, true);
}

/// <summary>A type of report: its filters, and what it holds.</summary>
/// <param name="Standard">The times that mean the last 30 days when they are left out.</param>
internal sealed record ReportType(string Name, Rule[] Filters, string[] Standard, Func<View, Question, Sheet> Sheet)
{
    /// <summary>Filters of which only one can be used; with any of them the standard one is not added.</summary>
    public string[] Exclusive { get; init; } = [];

    private static readonly string[] Active = ["active", "archived"], Kinds = ["standard", "custom"];

    private static readonly Rule[] OfTransactions =
    [
        new("collection_mode", ["automatic", "manual"]), new("currency_code", Currencies.All), new("origin", TransactionsApi.Origins),
        new("status", TransactionsApi.Statuses), Rule.Time("updated_at"),
    ];

    private static readonly Rule[] OfAdjustments =
    [
        new("action", AdjustmentsApi.Actions),
        new("currency_code", Currencies.All), new("status", AdjustmentsApi.Statuses), Rule.Time("updated_at"),
    ];

    public static readonly ReportType[] All =
    [
        new("transactions", OfTransactions, ["updated_at"], TransactionReports.Whole),
        new("transaction_line_items", OfTransactions, ["updated_at"], TransactionReports.Lines),
        new("adjustments", OfAdjustments, ["updated_at"], AdjustmentReports.Whole),
        new("adjustment_line_items", OfAdjustments, ["updated_at"], AdjustmentReports.Lines),
        new("products_prices",
            [
                new("product_status", Active), new("price_status", Active), new("product_type", Kinds), new("price_type", Kinds),
                Rule.Time("product_updated_at"), Rule.Time("price_updated_at"),
            ],
            ["product_updated_at", "price_updated_at"], CatalogueReports.ProductsAndPrices),
        new("discounts", [new("type", ["flat", "flat_per_seat", "percentage"]), new("status", ["active", "archived", "expired", "used"]),
            Rule.Time("updated_at")], ["updated_at"], CatalogueReports.Discounts),
        new("balance", [Rule.Time("updated_at")], ["updated_at"], PayoutReports.Balance),
        new("payout_reconciliation",
            [
                new("remittance_reference"), Rule.Time("transaction_updated_at"), Rule.Time("balance_movement_date"),
                new("balance_movement_type", MovementKind.Filters),
            ],
            ["transaction_updated_at"], PayoutReports.Reconciliation)
        {
            Exclusive = ["remittance_reference", "transaction_updated_at", "balance_movement_date"],
        },
        new("checkouts", [Rule.Time("checkout_created_at"), new("customer_country_code")], [], CatalogueReports.Checkouts),
    ];

    public static readonly string[] Names = [.. All.Select(type => type.Name)];

    public static ReportType? Find(string? name) => All.FirstOrDefault(type => type.Name == name);

    /// <summary>The times that have to be added to the question.</summary>
    public IEnumerable<string> Missing(Question question) => Standard.Where(name => !question.Has(name) && !Exclusive.Any(question.Has));
}
