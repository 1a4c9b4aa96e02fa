namespace Allocora.Connector;

/// <summary>A permission of a key, and the call that shows whether the key has it.</summary>
/// <param name="Path">Null where no call shows it without changing something.</param>
/// <param name="Without">What is missed without it.</param>
internal sealed record KeyNeed(string Permission, string? Path, bool IsRequired, string Without)
{
    public static readonly IReadOnlyList<KeyNeed> All =
    [
        new("transaction.read", "/transactions?per_page=1", true, "sales cannot be read."),
        new("adjustment.read", "/adjustments?per_page=1", true, "refunds and chargebacks cannot be read."),
        new("product.read", "/products?per_page=1", true, "sales cannot be told apart by product."),
        new("price.read", "/prices?per_page=1", true, "sales cannot be told apart by price."),
        new("notification.read", "/events?per_page=1", false, "what happened to a refund is seen once a day, and payouts wait for a person to confirm them."),
        new("report.read", "/reports?per_page=1", false, "payouts cannot be reconciled with Paddle's reports, only with files that are uploaded."),
        new("report.write", null, false, "payouts cannot be reconciled with Paddle's reports, only with files that are uploaded."),
        new("address.read", "/transactions?per_page=1&include=address", false, "sales have no country, and rules by country find nothing."),
        new("discount.read", "/transactions?per_page=1&include=discount", false, "sales have no discount code, and rules by code find nothing."),
    ];
}
