using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Transactions;

/// <summary>Making a transaction, changing it while it may be changed, and trying one out.</summary>
internal static class WriteTransaction
{
    private static readonly string[] Fields =
    [
        "items", "status", "customer_id", "address_id", "business_id", "custom_data", "currency_code", "collection_mode", "discount_id", "billing_details",
        "billing_period", "checkout",
    ];

    public static JsonObject Create(Account account, JsonObject body, long now)
    {
        var transaction = new JsonObject
        {
            ["id"] = account.NewId("txn", now),
            ["status"] = "draft",
            ["customer_id"] = null,
            ["address_id"] = null,
            ["business_id"] = null,
            ["custom_data"] = null,
            ["currency_code"] = null,
            ["origin"] = "api",
            ["subscription_id"] = null,
            ["invoice_id"] = null,
            ["invoice_number"] = null,
            ["collection_mode"] = "automatic",
            ["discount_id"] = null,
            ["billing_details"] = null,
            ["billing_period"] = null,
            ["items"] = null,
            ["details"] = null,
            ["payments"] = new JsonArray(),
            ["checkout"] = new JsonObject { ["url"] = null },
            ["created_at"] = Instants.Text(now),
            ["updated_at"] = null,
            ["billed_at"] = null,
            ["revised_at"] = null,
        };
        if (body["items"] is null) throw Refused.Invalid("items", "is required");
        Apply(account, transaction, body, now);
        account.Tell("transaction.created", transaction, now);
        if ((string)transaction["status"]! != "draft") account.Tell("transaction.ready", transaction, now);
        return Finish(account, transaction, body, now);
    }

    public static JsonObject Update(Account account, JsonObject transaction, JsonObject body, long now)
    {
        var status = (string)transaction["status"]!;
        var cancels = status is "billed" or "past_due" && body.Count == 1 && body.Text("status") == "canceled";
        if (status is not ("draft" or "ready") && !cancels)
            throw new Refused(400, "transaction_immutable", $"A transaction that is {status} cannot be changed.");
        if (!cancels) Apply(account, transaction, body, now);
        if (status == "draft" && (string)transaction["status"]! == "ready") account.Tell("transaction.ready", transaction, now);
        transaction["updated_at"] = Instants.Text(now);
        account.Tell("transaction.updated", transaction, now);
        return Finish(account, transaction, body, now);
    }

    public static JsonObject Preview(Account account, JsonObject body, long now)
    {
        var cart = Cart.Read(account, body.Array("items"), body.Text("currency_code", Currencies.All), now);
        var address = body.Object("address");
        var known = account.Addresses.Find(body.Text("address_id"), now)?.Render(now) ?? address;
        var place = new Place((string?)known?["country_code"], (string?)known?["postal_code"]);
        var totals = cart.Totals(place, Discounts.Of(account, body.Text("discount_id"), cart.Currency, now), account.Rates, now);
        var details = Details.Of(totals, cart.Currency, Subjects(account, cart, now));
        foreach (var field in new[] { "adjusted_totals", "payout_totals", "adjusted_payout_totals" }) details.Remove(field);
        foreach (var line in details["line_items"]!.AsArray()) line!.AsObject().Remove("id");
        return new JsonObject
        {
            ["customer_id"] = body.Text("customer_id"),
            ["address_id"] = body.Text("address_id"),
            ["business_id"] = body.Text("business_id"),
            ["currency_code"] = cart.Currency,
            ["discount_id"] = body.Text("discount_id"),
            ["customer_ip_address"] = body.Text("customer_ip_address"),
            ["address"] = address?.DeepClone(),
            ["ignore_trials"] = body.Flag("ignore_trials") ?? false,
            ["items"] = cart.Json(isPreview: true),
            ["details"] = details,
            ["available_payment_methods"] = Includes.PaymentMethods(),
        };
    }

    private static void Apply(Account account, JsonObject transaction, JsonObject body, long now)
    {
        Check(account, body, now);
        foreach (var (name, value) in body)
        {
            if (!Fields.Contains(name)) throw Refused.Invalid(name, "cannot be set");
            if (name is not ("items" or "status")) transaction[name] = value.Copy();
        }
        if (body.ContainsKey("items")) Price(account, transaction, Cart.Read(account, body.Array("items"), (string?)transaction["currency_code"], now), now);
        else if (body.ContainsKey("address_id") || body.ContainsKey("discount_id") || body.ContainsKey("currency_code")) Reprice(account, transaction, now);
        var isManual = (string)transaction["collection_mode"]! == "manual";
        if (isManual && (string?)transaction["currency_code"] is { } currency && currency is not ("USD" or "EUR" or "GBP"))
            throw Refused.Invalid("currency_code", "must be USD, EUR or GBP when collection_mode is manual");
        if (isManual && transaction["billing_details"] is null) throw Refused.Invalid("billing_details", "is required when collection_mode is manual");
        var isReady = transaction["customer_id"] is not null && transaction["address_id"] is not null;
        transaction["status"] = isReady ? "ready" : "draft";
        transaction["updated_at"] = Instants.Text(now);
    }

    private static void Check(Account account, JsonObject body, long now)
    {
        Exists(account.Customers, "customer_id");
        Exists(account.Addresses, "address_id");
        Exists(account.Businesses, "business_id");
        Exists(account.Discounts, "discount_id");
        _ = body.Text("currency_code", Currencies.All);
        if (body.ContainsKey("currency_code") && body["currency_code"] is null) throw Refused.Invalid("currency_code", "must be a currency");
        _ = body.Text("collection_mode", ["automatic", "manual"]);
        _ = body.Text("status", ["billed", "canceled"]);
        _ = body.Object("custom_data");
        _ = body.Object("billing_details");
        _ = body.Object("billing_period");
        _ = body.Object("checkout");

        void Exists(Collection of, string field)
        {
            if (body.Text(field) is { } id && of.Find(id, now) is null) throw Refused.Invalid(field, "does not exist in this account");
        }
    }

    private static void Reprice(Account account, JsonObject transaction, long now)
    {
        var items = transaction["items"]!.AsArray().Select(item => new Item(
            item!["price"]!.DeepClone().AsObject(),
            account.Products.Find((string)item["price"]!["product_id"]!, now)?.Render(now) ?? Embedded(transaction, item),
            (int)item["quantity"]!));
        Price(account, transaction, new Cart([.. items], (string)transaction["currency_code"]!), now);
    }

    private static JsonObject Embedded(JsonObject transaction, JsonNode item) => transaction["details"]!["line_items"]!.AsArray()
        .First(line => (string)line!["price_id"]! == (string)item["price"]!["id"]!)!["product"]!.DeepClone().AsObject();

    private static void Price(Account account, JsonObject transaction, Cart cart, long now)
    {
        var address = account.Addresses.Find((string?)transaction["address_id"], now)?.Render(now);
        var place = new Place((string?)address?["country_code"], (string?)address?["postal_code"]);
        var reduction = Discounts.Of(account, (string?)transaction["discount_id"], cart.Currency, now);
        transaction["currency_code"] = cart.Currency;
        transaction["items"] = cart.Json(isPreview: false);
        transaction["details"] = Details.Of(cart.Totals(place, reduction, account.Rates, now), cart.Currency, Subjects(account, cart, now));
        account.Readjust(transaction, now);
    }

    private static List<LineSubject> Subjects(Account account, Cart cart, long now) => [.. cart.Items.Where(item => item.IsCounted).Select(item =>
        new LineSubject(account.NewId("txnitm", now), (string)item.Price["id"]!, item.Product.DeepClone().AsObject(), null))];

    // What a caller may ask to happen at once: an invoice that is issued, a transaction nobody wants any more.
    private static JsonObject Finish(Account account, JsonObject transaction, JsonObject body, long now)
    {
        switch (body.Text("status"))
        {
            case "billed":
                Life.Bill(account, transaction, now);
                break;
            case "canceled":
                Life.Cancel(account, transaction, now);
                break;
        }
        account.Transactions.Put(transaction);
        return transaction;
    }
}
