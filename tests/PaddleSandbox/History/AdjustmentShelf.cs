using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The adjustments of the past, and those that are still to come of what was sold in it.</summary>
internal sealed class AdjustmentShelf(Chronicle chronicle, Func<Choices> choices) : IShelf
{
    private readonly RenderAdjustment rendering = new(chronicle);

    public int Count(long now) => InOrder.Before(chronicle.Adjustments, now + 1, static row => row.Created);

    public string Id(int number) => chronicle.AdjustmentId(number);

    public int Find(string id) => InOrder.Find("adj", id, chronicle.Adjustments, static row => row.Created, Id);

    public bool Exists(int number, long now) => chronicle.Adjustments[number].Created <= Until(number, now);

    public string? Text(int number, string field, long now)
    {
        ref readonly var row = ref chronicle.Adjustments[number];
        now = Until(number, now);
        return field switch
        {
            "id" => Id(number),
            "status" => row.Status(now, chronicle.Reversed(row)),
            "action" => RenderAdjustment.ActionOf(row),
            "customer_id" => chronicle.CustomerId(chronicle.Sales[row.Sale].Customer),
            "transaction_id" => chronicle.SaleId(row.Sale),
            "subscription_id" => chronicle.SubscriptionId(chronicle.Sales[row.Sale].Subscription),
            "currency_code" => chronicle.Baskets.Currency(chronicle.Sales[row.Sale], row.Sale),
            "payout_totals.currency_code" => chronicle.Payout,
            _ => Stored.Of(Render(number, now)).Text(field),
        };
    }

    public long? Time(int number, string field, long now)
    {
        ref readonly var row = ref chronicle.Adjustments[number];
        now = Until(number, now);
        return field switch
        {
            "created_at" => row.Created,
            "updated_at" => RenderAdjustment.Updated(chronicle, row, now),
            "settled_at" => row.Settled <= now && !row.IsRejected ? row.Settled : null,
            _ => Stored.Of(Render(number, now)).Time(field),
        };
    }

    public JsonObject Render(int number, long now) => rendering.Of(number, Until(number, now), choices().EarningsHoldRetainedFee == "yes");

    private long Until(int number, long now) => chronicle.Until(chronicle.Adjustments[number].Sale, now);
}
