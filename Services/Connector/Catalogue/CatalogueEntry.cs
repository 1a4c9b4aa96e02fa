using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Allocora.Contracts;

namespace Allocora.Connector;

/// <summary>A product or a price of the seller's.</summary>
/// <param name="Name">What customers see, else the seller's own description.</param>
internal sealed record CatalogueEntry(
    string Id, string Kind, string? ProductId, string? Name, string Status, string Type, Money? UnitPrice, DateTimeOffset? UpdatedAt)
{
    public const string Product = "product", Price = "price";

    public byte[] Content => SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', Id, ProductId, Name, Status, Type, UnitPrice)));

    /// <summary>One entry of a list; null when it cannot be one.</summary>
    public static CatalogueEntry? Read(JsonElement from, string kind)
    {
        if (from.ValueKind != JsonValueKind.Object || Text(from, "id") is not { Length: > 0 and <= 64 } id) return null;
        var product = kind == Price ? Text(from, "product_id") : null;
        if (kind == Price && product is null) return null;
        return new(
            id, kind, product, Text(from, "name") ?? Text(from, "description"), Text(from, "status") ?? "unknown", Text(from, "type") ?? "unknown",
            kind == Price ? UnitPriceOf(from) : null, At(from));
    }

    private static Money? UnitPriceOf(JsonElement from) =>
        from.TryGetProperty("unit_price", out var price) && price.ValueKind == JsonValueKind.Object
        && Currency.TryParse(Text(price, "currency_code"), out var currency) && Money.TryParse(Text(price, "amount"), currency, out var money) ? money : null;

    private static DateTimeOffset? At(JsonElement from) =>
        DateTimeOffset.TryParse(
            Text(from, "updated_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at : null;

    private static string? Text(JsonElement from, string name) =>
        JsonText.Of(from, name);
}
