using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>Asks a sandbox for everything it has, page by page, and does each thing once that it can be asked to do.</summary>
internal sealed class EveryAnswer(Running sandbox)
{
    private static readonly string[] Events =
    [
        "adjustment.created", "adjustment.updated", "payout.created", "payout.paid", "price.created", "price.updated", "product.created",
        "product.updated", "report.created", "report.updated", "transaction.billed", "transaction.canceled", "transaction.completed",
        "transaction.created", "transaction.paid", "transaction.past_due", "transaction.payment_failed", "transaction.ready", "transaction.revised",
        "transaction.updated",
    ];

    /// <summary>The answers that are met.</summary>
    public static IEnumerable<string> Schemas =>
    [
        "GET /transactions", "GET /transactions/{id}", "GET /transactions/{id}/invoice", "POST /transactions", "PATCH /transactions/{id}",
        "POST /transactions/preview", "POST /transactions/{id}/revise", "GET /adjustments", "GET /adjustments/{id}/credit-note", "POST /adjustments",
        "GET /products", "GET /products/{id}", "POST /products", "PATCH /products/{id}", "GET /prices", "GET /prices/{id}", "POST /prices",
        "PATCH /prices/{id}", "GET /reports", "GET /reports/{id}", "GET /reports/{id}/download-url", "POST /reports", "GET /events", "GET /event-types",
        "GET /notification-settings", "GET /notification-settings/{id}", "POST /notification-settings", "PATCH /notification-settings/{id}",
        "GET /notifications", "GET /notifications/{id}", "GET /notifications/{id}/logs", "error", .. Events.Select(one => "webhook " + one),
    ];

    private const string AllIncluded = "include=address,adjustments,adjustments_totals,business,customer,discount,available_payment_methods";

    private static readonly string[] Lists =
    [
        $"/transactions?{AllIncluded}", "/adjustments?per_page=50", "/products?status=active,archived&include=prices",
        "/prices?status=active,archived&include=product",
    ];

    public async IAsyncEnumerable<(string Schema, JsonObject Body)> All()
    {
        foreach (var path in Lists)
        {
            await foreach (var page in Pages(path)) yield return ($"GET {path.Split('?')[0]}", page);
        }
        await foreach (var one in Sold()) yield return one;
        await foreach (var one in Reported()) yield return one;
        await foreach (var one in Subscribed()) yield return one;
        await foreach (var page in Pages("/events?per_page=200"))
        {
            yield return ("GET /events", page);
            foreach (var told in page["data"]!.AsArray().Select(one => one!.DeepClone().AsObject()).Where(one => Events.Contains((string)one["event_type"]!)))
            {
                told["notification_id"] = "ntf_01hv8m0mnx3sj85e7gxc6kga03";
                yield return ($"webhook {told["event_type"]}", told);
            }
        }
        yield return ("GET /event-types", await sandbox.Get("/event-types"));
        yield return ("error", await sandbox.Get("/transactions?per_page=none", HttpStatusCode.BadRequest));
    }

    private async IAsyncEnumerable<(string Schema, JsonObject Body)> Sold()
    {
        var product = await sandbox.Post("/products", new JsonObject
        {
            ["name"] = "Atlas",
            ["tax_category"] = "ebooks",
            ["description"] = "With maps",
            ["image_url"] = "https://example.com/atlas.png",
            ["custom_data"] = new JsonObject { ["author"] = "partner-01" },
        });
        yield return ("POST /products", product);
        var path = $"/products/{product["data"]!["id"]}";
        yield return ("PATCH /products/{id}", await sandbox.Patch(path, new JsonObject { ["name"] = "Small atlas" }));
        yield return ("GET /products/{id}", await sandbox.Get($"{path}?include=prices"));
        var price = await sandbox.Post("/prices", new JsonObject
        {
            ["product_id"] = (string)product["data"]!["id"]!,
            ["description"] = "One copy",
            ["unit_price"] = new JsonObject { ["amount"] = "2500", ["currency_code"] = "USD" },
        });
        yield return ("POST /prices", price);
        var id = (string)price["data"]!["id"]!;
        yield return ("PATCH /prices/{id}", await sandbox.Patch($"/prices/{id}", new JsonObject { ["name"] = "A copy" }));
        yield return ("GET /prices/{id}", await sandbox.Get($"/prices/{id}?include=product"));

        var buyer = (await sandbox.Get("/transactions?status=completed&origin=web&per_page=1"))["data"]![0]!;
        var items = new JsonArray(new JsonObject { ["price_id"] = id, ["quantity"] = 2 });
        var cart = new JsonObject
        {
            ["items"] = items.DeepClone(),
            ["customer_id"] = (string)buyer["customer_id"]!,
            ["address_id"] = (string)buyer["address_id"]!,
            ["address"] = new JsonObject { ["country_code"] = "US", ["postal_code"] = "10021" },
        };
        yield return ("POST /transactions/preview", await sandbox.Post("/transactions/preview", cart, HttpStatusCode.OK));
        var made = await sandbox.Post("/transactions", new JsonObject
        {
            ["items"] = items,
            ["customer_id"] = (string)buyer["customer_id"]!,
            ["address_id"] = (string)buyer["address_id"]!,
        });
        yield return ("POST /transactions", made);
        var sale = (string)made["data"]!["id"]!;
        var reference = new JsonObject { ["custom_data"] = new JsonObject { ["ref"] = "partner-02" } };
        yield return ("PATCH /transactions/{id}", await sandbox.Patch($"/transactions/{sale}", reference));
        await sandbox.Send(HttpMethod.Post, $"/objects/{sale}/complete", null, HttpStatusCode.OK, sandbox.Control);
        var revision = new JsonObject { ["customer"] = new JsonObject { ["name"] = "Robin" } };
        yield return ("POST /transactions/{id}/revise", await sandbox.Post($"/transactions/{sale}/revise", revision, HttpStatusCode.OK));
        yield return ("GET /transactions/{id}", await sandbox.Get($"/transactions/{sale}?{AllIncluded}"));
        yield return ("GET /transactions/{id}/invoice", await sandbox.Get($"/transactions/{sale}/invoice"));
        var refund = await sandbox.Post("/adjustments", new JsonObject
        {
            ["action"] = "refund",
            ["type"] = "full",
            ["transaction_id"] = sale,
            ["reason"] = "error",
        });
        yield return ("POST /adjustments", refund);
        await sandbox.Send(HttpMethod.Post, $"/objects/{refund["data"]!["id"]}/approve", null, HttpStatusCode.OK, sandbox.Control);
        yield return ("GET /adjustments/{id}/credit-note", await sandbox.Get($"/adjustments/{refund["data"]!["id"]}/credit-note"));
    }

    private async IAsyncEnumerable<(string Schema, JsonObject Body)> Reported()
    {
        var report = await sandbox.Post("/reports", new JsonObject { ["type"] = "transactions" });
        yield return ("POST /reports", report);
        await sandbox.Send(HttpMethod.Post, "/clock", new JsonObject { ["advance"] = "PT2M" }, HttpStatusCode.OK, sandbox.Control);
        yield return ("GET /reports", await sandbox.Get("/reports"));
        yield return ("GET /reports/{id}", await sandbox.Get($"/reports/{report["data"]!["id"]}"));
        yield return ("GET /reports/{id}/download-url", await sandbox.Get($"/reports/{report["data"]!["id"]}/download-url"));
    }

    // A subscriber that is not there: its notifications are tried, logged and tried again.
    private async IAsyncEnumerable<(string Schema, JsonObject Body)> Subscribed()
    {
        var setting = await sandbox.Post("/notification-settings", new JsonObject
        {
            ["description"] = "Nobody",
            ["type"] = "url",
            ["destination"] = "http://127.0.0.1:9/hooks",
            ["subscribed_events"] = new JsonArray("product.created"),
        });
        yield return ("POST /notification-settings", setting);
        var path = $"/notification-settings/{setting["data"]!["id"]}";
        yield return ("PATCH /notification-settings/{id}", await sandbox.Patch(path, new JsonObject { ["description"] = "Still nobody" }));
        yield return ("GET /notification-settings/{id}", await sandbox.Get(path));
        yield return ("GET /notification-settings", await sandbox.Get("/notification-settings"));
        await sandbox.Post("/products", new JsonObject { ["name"] = "Announced", ["tax_category"] = "ebooks" });
        var tried = await Testing.Eventually.Sees(
            _ => sandbox.Get("/notifications"), page => page["data"]!.AsArray().Any(one => (int)one!["times_attempted"]! > 0));
        yield return ("GET /notifications", tried);
        var id = (string)tried["data"]![0]!["id"]!;
        yield return ("GET /notifications/{id}", await sandbox.Get($"/notifications/{id}"));
        yield return ("GET /notifications/{id}/logs", await sandbox.Get($"/notifications/{id}/logs"));
    }

    private async IAsyncEnumerable<JsonObject> Pages(string path)
    {
        for (var (next, more) = (path, true); more;)
        {
            var page = await sandbox.Get(next);
            yield return page;
            var pagination = page["meta"]!["pagination"]!;
            (next, more) = ((string)pagination["next"]!, (bool)pagination["has_more"]!);
        }
    }

    /// <summary>What Paddle documents and the sandbox leaves empty, each for a reason.</summary>
    public static readonly (string Pattern, string Reason)[] NeverFilled =
    [
        (@"\.import_meta", "nothing was brought from another system"),
        (@"\.trial_period", "no price begins with a trial"),
        (@"^preview ", "one small cart is tried out"),
        (@"(address|business|customer|discount|price|prices\[\]|^prices )\.custom_data", "only sales and products carry data of the seller's own"),
        (@"\.underlying_details", "it is deprecated"),
        (@"address\.(description|second_line)|\.additional_information", "words that nobody wrote"),
        (@"discount\.(expires_at|maximum_recurring_intervals|restrict_to|usage_limit)", "the vouchers have no limits"),
        (@"^notifications \.(delivered_at|replayed_at|response_content_type)", "the subscriber that is asked for here is never there"),
    ];
}
