using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Catalogue;

/// <summary>Products and prices: listed, read, made and changed.</summary>
internal static class CatalogueApi
{
    private static readonly string[] Statuses = ["active", "archived"], Types = ["standard", "custom"], Active = ["active"];

    public static void MapCatalogue(this IEndpointRouteBuilder routes, Account account)
    {
        var products = new Listing(account.Products, 50, 200,
            ["created_at", "custom_data", "description", "id", "image_url", "name", "status", "tax_category", "updated_at"],
            [
                new("id", Takes.Ids), new("status", Takes.Many, Statuses, Active), new("tax_category", Takes.Many, Products.TaxCategories),
                new("type", Takes.One, Types),
            ])
        {
            Include = ["prices"],
            Hidden = static (row, now) => row.Text("type", now) == "custom",
        };
        var prices = new Listing(account.Prices, 50, 200,
            [
                "billing_cycle.frequency", "billing_cycle.interval", "id", "product_id", "quantity.maximum", "quantity.minimum", "status", "tax_mode",
                "unit_price.amount", "unit_price.currency_code",
            ],
            [
                new("id", Takes.Ids), new("product_id", Takes.Ids), new("status", Takes.Many, Statuses, Active), new("type", Takes.One, Types),
                new("recurring", Takes.One, ["true", "false"])
                {
                    Read = static (row, now) => row.Text("billing_cycle.interval", now) is null ? "false" : "true",
                },
            ])
        {
            Include = ["product"],
            Hidden = static (row, now) => row.Text("type", now) == "custom",
        };

        routes.Read("/products", "product.read", http =>
        {
            if (http.Request.Query["include"].ToString().Contains("prices")) Access.Demand(http, "price.read");
            return products.Run(http, account, (product, include) => Include(account, product, include));
        });
        routes.Read("/products/{id}", "product.read", http => One(http, account, products, "product"), takes: ["include"]);
        routes.Write("POST", "/products", "product.write", account, (http, body, now) =>
            Save(account, account.Products, 201, "product.created", Products.Make(body, account.NewId("pro", now), now), now));
        routes.Write("PATCH", "/products/{id}", "product.write", account, (http, body, now) =>
            Save(account, account.Products, 200, "product.updated", Products.Change(account.Products.Existing("product", http.Id(), now), body, now), now));

        routes.Read("/prices", "price.read", http =>
        {
            if (http.Request.Query["include"].ToString().Contains("product")) Access.Demand(http, "product.read");
            return prices.Run(http, account, (price, include) => Include(account, price, include));
        });
        routes.Read("/prices/{id}", "price.read", http => One(http, account, prices, "price"), takes: ["include"]);
        routes.Write("POST", "/prices", "price.write", account, (http, body, now) =>
        {
            var product = body.Needed("product_id");
            if (account.Products.Find(product, now) is null) throw Refused.Invalid("product_id", "is not a product of this account");
            body.Remove("product_id");
            return Save(account, account.Prices, 201, "price.created", Prices.Make(body, account.NewId("pri", now), product, now), now);
        });
        routes.Write("PATCH", "/prices/{id}", "price.write", account, (http, body, now) =>
            Save(account, account.Prices, 200, "price.updated", Prices.Change(account.Prices.Existing("price", http.Id(), now), body, now), now));
    }

    private static Answer One(HttpContext http, Account account, Listing listing, string entity)
    {
        var found = listing.Of.Existing(entity, http.Id(), account.CatchUp());
        Include(account, found, Asked.Included(listing, http.Request.Query["include"]));
        return Answer.Ok(found);
    }

    private static Answer Save(Account account, Collection of, int status, string happened, JsonObject written, long now)
    {
        of.Put(written);
        account.Tell(happened, written, now);
        return new Answer(status, written);
    }

    private static void Include(Account account, JsonObject to, IReadOnlySet<string> include)
    {
        var now = account.Clock.Now;
        if (include.Contains("product")) to["product"] = account.Products.Find((string)to["product_id"]!, now)?.Render(now);
        if (!include.Contains("prices")) return;
        var own = account.Prices.Scan(now, ascending: true).Where(row => row.Text("product_id", now) == (string)to["id"]! && row.Text("type", now) != "custom");
        to["prices"] = new JsonArray([.. own.Select(row => row.Render(now))]);
    }
}
