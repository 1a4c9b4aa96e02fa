using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Catalogue;

/// <summary>A price, as somebody who writes to the API makes and changes it.</summary>
internal static class Prices
{
    public static readonly string[] TaxModes = ["account_setting", "external", "internal", "location"];

    private const long Most = 999_999_999_999;

    private static readonly string[] Fields =
    [
        "description", "type", "name", "billing_cycle", "trial_period", "tax_mode", "unit_price", "unit_price_overrides", "quantity", "status", "custom_data",
    ];

    public static JsonObject Make(JsonObject body, string id, string productId, long now)
    {
        _ = body.Needed("description");
        _ = body.Object("unit_price") ?? throw Refused.Invalid("unit_price", "is required");
        var price = new JsonObject
        {
            ["id"] = id,
            ["product_id"] = productId,
            ["description"] = null,
            ["type"] = "standard",
            ["name"] = null,
            ["billing_cycle"] = null,
            ["trial_period"] = null,
            ["tax_mode"] = "account_setting",
            ["unit_price"] = null,
            ["unit_price_overrides"] = new JsonArray(),
            ["quantity"] = new JsonObject { ["minimum"] = 1, ["maximum"] = 100 },
            ["status"] = "active",
            ["custom_data"] = null,
            ["import_meta"] = null,
            ["created_at"] = Instants.Text(now),
            ["updated_at"] = Instants.Text(now),
        };
        return Change(price, body, now);
    }

    public static JsonObject Change(JsonObject price, JsonObject body, long now)
    {
        _ = body.Text("description");
        _ = body.Text("tax_mode", TaxModes);
        _ = body.Text("type", ["standard", "custom"]);
        _ = body.Text("status", ["active", "archived"]);
        _ = body.Object("custom_data");
        if (body.ContainsKey("unit_price")) Check(body.Object("unit_price") ?? throw Refused.Invalid("unit_price", "must be an object"), "unit_price");
        if (body.ContainsKey("quantity")) Bounds(body.Object("quantity") ?? throw Refused.Invalid("quantity", "must be an object"));
        if (body.ContainsKey("unit_price_overrides")) Overrides(body.Array("unit_price_overrides"));
        if (body.Object("billing_cycle") is { } cycle) Cycle(cycle);
        return Body.Merge(price, body, Fields, now);
    }

    private static void Check(JsonObject unit, string field)
    {
        _ = unit.Needed("currency_code", Currencies.All, field + ".");
        if (!long.TryParse(unit.Needed("amount", within: field + "."), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount > Most)
            throw Refused.Invalid(field + ".amount", "must be a whole number in the lowest denomination, as a string");
    }

    private static void Bounds(JsonObject quantity)
    {
        if (quantity.Whole("minimum", "quantity.") is not { } least || quantity.Whole("maximum", "quantity.") is not { } most || least < 1 || most < least)
            throw Refused.Invalid("quantity", "must hold a minimum from 1 and a maximum from there");
    }

    private static void Overrides(JsonArray? overrides)
    {
        for (var at = 0; at < (overrides?.Count ?? 0); at++)
        {
            var field = $"unit_price_overrides[{at}]";
            var one = Body.Object(overrides![at], field);
            if (one.Array("country_codes", field + ".") is not { Count: > 0 } codes || codes.Any(code => code?.GetValueKind() != JsonValueKind.String))
                throw Refused.Invalid(field + ".country_codes", "must hold the codes of countries");
            Check(one.Object("unit_price") ?? throw Refused.Invalid(field + ".unit_price", "is required"), field + ".unit_price");
        }
    }

    private static void Cycle(JsonObject cycle)
    {
        _ = cycle.Needed("interval", ["day", "week", "month", "year"]);
        if (cycle.Whole("frequency") is null or < 1) throw Refused.Invalid("billing_cycle.frequency", "must be a whole number above 0");
    }
}
