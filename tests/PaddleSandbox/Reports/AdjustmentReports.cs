using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>An adjustment with its sale, where that is known.</summary>
internal sealed record Adjusted(View View, JsonObject Json)
{
    public Sale? Sale { get; } = View.Look(View.Transactions, Json.Word("transaction_id")) is { } of ? new(View, of) : null;

    public string? Currency { get; } = Json.Word("currency_code");

    public JsonObject? Totals { get; } = Json.Part("totals");

    public JsonObject? Payout { get; } = Json.Part("payout_totals");
}

/// <summary>One item of an adjustment.</summary>
internal sealed record AdjustedItem(Adjusted Of, JsonObject Json);

/// <summary>The reports of adjustments, and of their items.</summary>
internal static class AdjustmentReports
{
    private static readonly string[] Amounts = ["subtotal", "tax", "total", "fee", "retained_fee", "earnings"];

    private static readonly Column<Adjusted>[] Common =
    [
        new("transaction_id", one => one.Json.Word("transaction_id")), new("customer_id", one => one.Json.Word("customer_id")),
        new("customer_email", one => one.Sale?.Customer.Word("email")), new("address_id", one => one.Sale?.Json.Word("address_id")),
        new("address_country_code", one => one.Sale?.Address.Word("country_code")), new("business_id", one => one.Sale?.Json.Word("business_id")),
        new("business_name", one => one.Sale?.Business.Word("name")), new("action", one => one.Json.Word("action")),
        new("reason", one => one.Json.Word("reason")), new("status", one => one.Json.Word("status")),
        new("created_at", one => one.Json.Word("created_at")), new("updated_at", one => one.Json.Word("updated_at")),
        new("type", one => one.Json.Word("type")), new("subscription_id", one => one.Json.Word("subscription_id")),
        new("credit_applied_to_balance", one => one.Json.Word("credit_applied_to_balance")), new("currency_code", one => one.Currency),
    ];

    private static readonly Column<Adjusted>[] OfAdjustment =
    [
        new("id", one => one.Json.Word("id")), .. Common,
        .. Amounts.Select(field => new Column<Adjusted>(field, one => Cell.Money(one.Totals, field, one.Currency))),
        new("balance_currency_code", one => one.Payout.Word("currency_code")),
        .. Amounts.Select(field => new Column<Adjusted>("balance_currency_" + field, one => Cell.Money(one.Payout, field, one.Payout.Word("currency_code")))),
        new("balance_currency_chargeback_fee",
            one => Cell.Money(one.Payout.Part("chargeback_fee"), "amount", one.Payout.Word("currency_code"))),
    ];

    private static readonly Column<AdjustedItem>[] OfItem =
    [
        new("id", item => item.Json.Word("id")), new("adjustment_id", item => item.Of.Json.Word("id")),
        .. Common.Select(column => new Column<AdjustedItem>(column.Name, item => column.Of(item.Of))),
        new("item_id", item => item.Json.Word("item_id")), new("item_type", item => item.Json.Word("type")),
        new("amount", item => Cell.Money(item.Json, "amount", item.Of.Currency)),
        .. Amounts[..3].Select(field => new Column<AdjustedItem>(field, item => Cell.Money(item.Json.Part("totals"), field, item.Of.Currency))),
    ];

    public static Sheet Whole(View view, Question question)
    {
        var found = new Lazy<ByTime>(() => Find(view, question));
        return Sheet.Of(OfAdjustment, () => found.Value.Count, () => found.Value.InOrder().Select(one => new Adjusted(view, one.Row.Render(view.At))));
    }

    public static Sheet Lines(View view, Question question)
    {
        var found = new Lazy<ByTime>(() => Find(view, question));
        return Sheet.Of(OfItem, () => found.Value.InOrder().Sum(one => one.Row.Render(view.At).Parts("items").Count()), () => found.Value.InOrder()
            .Select(one => new Adjusted(view, one.Row.Render(view.At)))
            .SelectMany(adjusted => adjusted.Json.Parts("items").Select(item => new AdjustedItem(adjusted, item))));
    }

    private static ByTime Find(View view, Question question)
    {
        var found = new ByTime(view.Adjustments);
        foreach (var row in view.Rows(view.Adjustments))
        {
            var updated = row.Time("updated_at", view.At);
            if (question.Covers("updated_at", updated) && Takes("action", row) && Takes("status", row) && Takes("currency_code", row))
                found.Add(updated ?? 0, 0, row);
        }
        return found;

        // The currency is not a filter of the list of adjustments: history may know it only in the whole object.
        bool Takes(string name, Row row) => !question.Has(name) || question.Takes(name, row.Text(name, view.At) ?? row.Render(view.At).Word(name));
    }
}
