using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>The reports of what is sold: products with their prices, discounts, and checkouts, which this sandbox does not keep.</summary>
internal static class CatalogueReports
{
    private sealed record Priced(JsonObject Product, JsonObject? Price)
    {
        public string? UpdatedAt { get; } = new[] { Product.Word("updated_at"), Price.Word("updated_at") }.Max(StringComparer.Ordinal);
    }

    private static readonly string[] OfProduct = ["id", "name", "description", "type", "tax_category", "status", "created_at", "updated_at"];

    private static readonly string[] OfPrice = ["id", "description", "name", "type", "tax_mode", "status", "created_at", "updated_at"];

    private static readonly Column<Priced>[] ProductPriceColumns =
    [
        .. OfProduct.Select(field => new Column<Priced>("product_" + field, one => one.Product.Word(field))),
        .. OfPrice.Select(field => new Column<Priced>("price_" + field, one => one.Price.Word(field))),
        new("price_unit_price_amount",
            one => Cell.Money(one.Price.Part("unit_price"), "amount", one.Price.Part("unit_price").Word("currency_code"))),
        new("price_unit_price_currency_code", one => one.Price.Part("unit_price").Word("currency_code")),
        new("price_billing_cycle_interval", one => one.Price.Part("billing_cycle").Word("interval")),
        new("price_billing_cycle_frequency", one => one.Price.Part("billing_cycle").Word("frequency")),
        new("price_trial_period_interval", one => one.Price.Part("trial_period").Word("interval")),
        new("price_trial_period_frequency", one => one.Price.Part("trial_period").Word("frequency")),
        new("price_quantity_minimum", one => one.Price.Part("quantity").Word("minimum")),
        new("price_quantity_maximum", one => one.Price.Part("quantity").Word("maximum")),
    ];

    private static readonly Column<JsonObject>[] DiscountColumns =
    [
        .. new[] { "id", "status", "description", "enabled_for_checkout", "code", "type" }.Select(Plain),
        new("amount", one => one.Word("type") == "percentage" ? one.Word("amount") : Cell.Money(one, "amount", one.Word("currency_code"))),
        .. new[] { "currency_code", "recur", "maximum_recurring_intervals", "usage_limit" }.Select(Plain),
        new("restrict_to", one => Cell.List((one["restrict_to"] as JsonArray ?? []).OfType<JsonValue>().Select(value => value.ToString()))),
        .. new[] { "expires_at", "times_used", "created_at", "updated_at" }.Select(Plain),
    ];

    private static readonly string[] CheckoutHeader = ["id", "transaction_id", "status", "customer_country_code", "created_at", "completed_at"];

    private static Column<JsonObject> Plain(string field) => new(field, one => one.Word(field));

    public static Sheet ProductsAndPrices(View view, Question question)
    {
        var found = new Lazy<List<Priced>>(() =>
            [.. Pairs(view).Where(pair => Matches(question, pair)).OrderBy(pair => pair.UpdatedAt, StringComparer.Ordinal)]);
        return Sheet.Of(ProductPriceColumns, () => found.Value.Count, () => found.Value);
    }

    public static Sheet Discounts(View view, Question question)
    {
        var found = new Lazy<List<JsonObject>>(() =>
        [
            .. view.Rows(view.Discounts).Select(row => row.Render(view.At))
                .Where(one => question.Takes("type", one.Word("type")) && question.Takes("status", one.Word("status"))
                    && question.Covers("updated_at", Instants.Parse(one.Word("updated_at"))))
                .OrderBy(one => one.Word("updated_at"), StringComparer.Ordinal),
        ]);
        return Sheet.Of(DiscountColumns, () => found.Value.Count, () => found.Value);
    }

    public static Sheet Checkouts(View view, Question question) => new(CheckoutHeader, () => 0, () => []);

    private static IEnumerable<Priced> Pairs(View view)
    {
        var prices = view.Rows(view.Prices).Select(row => row.Render(view.At)).ToLookup(price => price.Word("product_id"));
        foreach (var product in view.Rows(view.Products).Select(row => row.Render(view.At)))
        {
            var own = prices[product.Word("id")].ToList();
            if (own.Count == 0) yield return new(product, null);
            foreach (var price in own) yield return new(product, price);
        }
    }

    // A product without a price has nothing that a filter of prices could leave out.
    private static bool Matches(Question question, Priced pair) =>
        question.Takes("product_status", pair.Product.Word("status")) && question.Takes("product_type", pair.Product.Word("type"))
        && question.Covers("product_updated_at", Instants.Parse(pair.Product.Word("updated_at")))
        && (pair.Price is null || (question.Takes("price_status", pair.Price.Word("status")) && question.Takes("price_type", pair.Price.Word("type"))
            && question.Covers("price_updated_at", Instants.Parse(pair.Price.Word("updated_at")))));
}
