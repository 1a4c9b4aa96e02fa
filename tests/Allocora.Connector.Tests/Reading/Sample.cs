using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Allocora.Connector.Tests;

/// <summary>Rows as Paddle writes them, to be changed by a test.</summary>
internal static class Sample
{
    public static readonly Uri Origin = new("https://api.paddle.com");

    public static readonly SourceTerms All = new([], null, []);

    public static string Id(string prefix, int number) => $"{prefix}_01hv8x29kz0t586xy6zn{number.ToString("D6", CultureInfo.InvariantCulture)}";

    public static JsonObject Transaction(int number = 1, string status = "completed") => Object($$$"""
        {
          "id": "{{{Id("txn", number)}}}", "status": "{{{status}}}", "customer_id": "{{{Id("ctm", 1)}}}",
          "address_id": "{{{Id("add", 1)}}}", "business_id": null,
          "custom_data": {"ref": "jonas", "seats": 3, "plan": {"tier": "pro"} }, "currency_code": "USD", "origin": "web", "subscription_id": null,
          "invoice_number": "325-10290", "collection_mode": "automatic", "discount_id": null, "billing_details": null, "billing_period": null,
          "items": [{"price": {"id": "{{{Id("pri", 1)}}}", "unit_price": {"amount": "1000", "currency_code": "USD"}}, "quantity": 2}],
          "details": {
            "totals": {"subtotal": "2000", "discount": "100", "tax": "190", "total": "2090", "credit": "0", "credit_to_balance": "0", "balance": "0",
              "grand_total": "2090", "fee": "155", "earnings": "1745", "currency_code": "USD"},
            "adjusted_totals": {"subtotal": "2000", "tax": "190", "total": "2090", "grand_total": "2090", "fee": "155", "earnings": "1745",
              "currency_code": "USD"},
            "payout_totals": {"subtotal": "1840", "discount": "92", "tax": "175", "total": "1923", "credit": "0", "credit_to_balance": "0", "balance": "0",
              "grand_total": "1923", "fee": "143", "earnings": "1605", "currency_code": "EUR", "exchange_rate": "0.9200000000000001", "fee_rate": "0.05"},
            "line_items": [{"id": "{{{Id("txnitm", 1)}}}", "price_id": "{{{Id("pri", 1)}}}", "quantity": 2, "proration": null, "tax_rate": "0.1",
              "unit_totals": {"subtotal": "1000", "discount": "50", "tax": "95", "total": "1045"},
              "totals": {"subtotal": "2000", "discount": "100", "tax": "190", "total": "2090"},
              "product": {"id": "{{{Id("pro", 1)}}}", "name": "Field guide", "description": null, "status": "active"}}]
          },
          "payments": [{"payment_attempt_id": "497ec543-2fa5-470f-9b6c-ba2bf5b0f7bd", "payment_method_id": null, "amount": "2090", "status": "captured",
            "error_code": null, "method_details": {"type": "card", "card": {"type": "visa"}}, "created_at": "2026-03-01T10:00:00.1Z",
            "captured_at": "2026-03-01T10:00:05.242831681Z"}],
          "checkout": {"url": null}, "created_at": "2026-03-01T09:59:00Z", "updated_at": "2026-03-01T10:00:07.339984Z", "billed_at": "2026-03-01T10:00:06.52Z",
          "revised_at": null
        }
        """);

    public static JsonObject Adjustment(int number = 1, string status = "approved", int of = 1, string action = "refund") => Object($$$"""
        {
          "id": "{{{Id("adj", number)}}}", "action": "{{{action}}}", "type": "partial", "transaction_id": "{{{Id("txn", of)}}}", "subscription_id": null,
          "customer_id": "{{{Id("ctm", 1)}}}", "reason": "error", "credit_applied_to_balance": null, "currency_code": "USD", "status": "{{{status}}}",
          "items": [{"id": "{{{Id("adjitm", 1)}}}", "item_id": "{{{Id("txnitm", 1)}}}", "type": "partial", "amount": "100", "proration": null,
            "totals": {"subtotal": "92", "tax": "8", "total": "100"}}],
          "totals": {"subtotal": "92", "tax": "8", "total": "100", "fee": "5", "retained_fee": "1", "earnings": "87", "currency_code": "USD"},
          "payout_totals": {"subtotal": "85", "tax": "7", "total": "92", "fee": "5", "retained_fee": "1", "earnings": "80", "currency_code": "EUR"},
          "created_at": "2026-03-05T08:48:20.239695Z", "updated_at": "2026-03-05T08:48:20.239695Z"
        }
        """);

    public static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();

    /// <summary>Sets what stands at a path such as <c>details.totals.fee</c> or <c>payments.0.status</c>, or takes it out.</summary>
    public static JsonObject With(this JsonObject row, string path, JsonNode? value, bool isTakenOut = false)
    {
        var parts = path.Split('.');
        JsonNode here = row;
        foreach (var part in parts[..^1]) here = here is JsonArray array ? array[int.Parse(part, CultureInfo.InvariantCulture)]! : here[part]!;
        if (isTakenOut) here.AsObject().Remove(parts[^1]);
        else if (here is JsonArray items) items[int.Parse(parts[^1], CultureInfo.InvariantCulture)] = value;
        else here[parts[^1]] = value;
        return row;
    }

    public static JsonObject Without(this JsonObject row, string path) => row.With(path, null, isTakenOut: true);

    public static JsonObject Page(JsonObject pagination, params JsonNode?[] rows) =>
        new() { ["data"] = new JsonArray(rows), ["meta"] = new JsonObject { ["request_id"] = "r", ["pagination"] = pagination } };

    public static JsonObject LastPage(params JsonNode?[] rows) => Page(new()
    {
        ["per_page"] = 30,
        ["next"] = "https://api.paddle.com/transactions?after=none",
        ["has_more"] = false,
        ["estimated_total"] = rows.Length,
    }, rows);

    public static byte[] Bytes(this JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    public static ReadRow Read(this JsonObject row, params string[] customDataKeys) => Read(row.ToJsonString(), customDataKeys);

    public static ReadRow Read(string row, params string[] customDataKeys) => ReadPages.ReadOne(
        Encoding.UTF8.GetBytes($"{{\"data\":{row}}}"),
        row.Contains("\"action\"", StringComparison.Ordinal) ? RowKind.Adjustment : RowKind.Transaction, customDataKeys);

    public static SeenRow Seen(this JsonObject row, params string[] customDataKeys)
    {
        var read = row.Read(customDataKeys);
        Assert.Null(read.Fault);
        return read.Row!;
    }
}
