using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Events;

/// <summary>What can happen, by the names that destinations subscribe to.</summary>
internal static class EventTypes
{
    // By group, in the words of the sentence that describes each.
    private static readonly (string Group, string Thing, string[] Happens)[] Groups =
    [
        ("Transaction", "a transaction",
            ["billed", "canceled", "completed", "created", "paid", "past_due", "payment_failed", "ready", "updated", "revised"]),
        ("Subscription", "a subscription",
            ["activated", "canceled", "created", "imported", "past_due", "paused", "resumed", "trialing", "updated"]),
        ("Product", "a product", ["created", "imported", "updated"]),
        ("Price", "a price", ["created", "imported", "updated"]),
        ("Customer", "a customer", ["created", "imported", "updated"]),
        ("Payment Method", "a payment method", ["saved", "deleted"]),
        ("Address", "an address", ["created", "imported", "updated"]),
        ("Business", "a business", ["created", "imported", "updated"]),
        ("Adjustment", "an adjustment", ["created", "updated"]),
        ("Payout", "a payout", ["created", "paid"]),
        ("Discount", "a discount", ["created", "imported", "updated"]),
        ("Discount Group", "a discount group", ["created", "updated"]),
        ("Report", "a report", ["created", "updated"]),
        ("Api Key", "an API key", ["created", "expired", "expiring", "revoked", "updated"]),
        ("Api Key Exposure", "an exposed API key", ["created"]),
        ("Client Token", "a client-side token", ["created", "revoked", "updated"]),
    ];

    private static readonly Dictionary<string, (string Description, string Group)> Known = Groups
        .SelectMany(group => group.Happens.Select(what => (Name: $"{group.Group.ToLowerInvariant().Replace(' ', '_')}.{what}", Group: group, What: what)))
        .ToDictionary(one => one.Name, one => ($"Occurs when {one.Group.Thing} {Told(one.What)}.", one.Group.Group));

    public static IReadOnlyCollection<string> Names => Known.Keys;

    public static bool Has(string name) => Known.ContainsKey(name);

    public static JsonObject Json(string name) => new()
    {
        ["name"] = name,
        ["description"] = Known[name].Description,
        ["group"] = Known[name].Group,
        ["available_versions"] = new JsonArray(1),
    };

    private static string Told(string what) => what switch
    {
        "past_due" => "becomes past due",
        "payment_failed" => "has a payment that fails",
        "ready" => "is ready to be billed",
        "activated" => "becomes active",
        "trialing" => "enters its trial",
        "expiring" => "is about to expire",
        "expired" => "has expired",
        _ => $"is {what}",
    };
}
