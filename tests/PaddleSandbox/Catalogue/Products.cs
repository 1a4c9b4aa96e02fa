using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Catalogue;

/// <summary>A product, as somebody who writes to the API makes and changes it.</summary>
internal static class Products
{
    public static readonly string[] TaxCategories =
    [
        "digital-goods", "ebooks", "implementation-services", "professional-services", "saas", "software-programming-services", "standard",
        "training-services", "website-hosting",
    ];

    private static readonly string[] Fields = ["name", "description", "type", "tax_category", "image_url", "custom_data", "status"];

    public static JsonObject Make(JsonObject body, string id, long now)
    {
        _ = body.Needed("name");
        _ = body.Needed("tax_category", TaxCategories);
        var product = new JsonObject
        {
            ["id"] = id,
            ["name"] = null,
            ["description"] = null,
            ["type"] = "standard",
            ["tax_category"] = null,
            ["image_url"] = null,
            ["custom_data"] = null,
            ["status"] = "active",
            ["import_meta"] = null,
            ["created_at"] = Instants.Text(now),
            ["updated_at"] = Instants.Text(now),
        };
        return Change(product, body, now);
    }

    public static JsonObject Change(JsonObject product, JsonObject body, long now)
    {
        if (body.Text("name") is { Length: 0 or > 200 }) throw Refused.Invalid("name", "must have 1 to 200 characters");
        _ = body.Text("tax_category", TaxCategories);
        _ = body.Text("type", ["standard", "custom"]);
        _ = body.Text("status", ["active", "archived"]);
        _ = body.Object("custom_data");
        return Body.Merge(product, body, Fields, now);
    }
}
