using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>The transactions of the past.</summary>
internal sealed class SaleShelf(Chronicle chronicle, Func<Choices> choices) : IShelf
{
    private const int Block = 32;

    private readonly RenderTransaction rendering = new(chronicle);
    private readonly Lazy<long[]> latest = new(() => Latest(chronicle, new Choices { AdjustingTouchesTransaction = "no" }));
    private readonly Lazy<long[]> latestTouched = new(() => Latest(chronicle, new Choices { AdjustingTouchesTransaction = "yes" }));

    public int Count(long now) => InOrder.Before(chronicle.Sales, now + 1, static sale => sale.Created);

    public string Id(int number) => chronicle.SaleId(number);

    public int Find(string id) => InOrder.Find("txn", id, chronicle.Sales, static sale => sale.Created, Id);

    public bool Exists(int number, long now) => chronicle.Sales[number].Created <= chronicle.Until(number, now);

    public string? Text(int number, string field, long now)
    {
        now = chronicle.Until(number, now);
        ref readonly var sale = ref chronicle.Sales[number];
        return field switch
        {
            "id" => Id(number),
            "status" => chronicle.Stages(number).Status(now),
            "origin" => RenderTransaction.OriginOf(sale),
            "collection_mode" => sale.IsManual ? "manual" : "automatic",
            "customer_id" => chronicle.CustomerId(RenderTransaction.Customer(sale, chronicle.Stages(number), now)),
            "subscription_id" => sale.Subscription < 0 ? null : chronicle.SubscriptionId(RenderTransaction.Subscription(sale, chronicle.Stages(number), now)),
            "invoice_number" => RenderTransaction.HasInvoice(sale, chronicle.Stages(number), now) ? RenderTransaction.InvoiceNumber(number) : null,
            "currency_code" => chronicle.Baskets.Currency(sale, number),
            "details.payout_totals.currency_code" => chronicle.Stages(number).Figured <= now ? chronicle.Payout : null,
            _ => Stored.Of(Render(number, now)).Text(field),
        };
    }

    public long? Time(int number, string field, long now)
    {
        now = chronicle.Until(number, now);
        ref readonly var sale = ref chronicle.Sales[number];
        if (field == "created_at") return sale.Created;
        var stages = chronicle.Stages(number);
        return field switch
        {
            "updated_at" => chronicle.Updated(number, stages, now, choices()),
            "billed_at" => RenderTransaction.BilledAt(sale, stages, chronicle.SaleDice(number), now),
            "settled_at" => stages.Completed <= now ? stages.Completed : null,
            _ => Stored.Of(Render(number, now)).Time(field),
        };
    }

    // By blocks: a connector that asks what is new in a million should not have each of them looked at.
    public int Skip(int number, int step, long since)
    {
        var ofBlocks = choices().AdjustingTouchesTransaction == "no" ? latest.Value : latestTouched.Value;
        while (number >= 0 && number < chronicle.Sales.Length && ofBlocks[number / Block] < since)
            number = step > 0 ? ((number / Block) + 1) * Block : ((number / Block) * Block) - 1;
        return number;
    }

    private static long[] Latest(Chronicle chronicle, Choices choices)
    {
        var latest = new long[(chronicle.Sales.Length / Block) + 1];
        for (var number = 0; number < chronicle.Sales.Length; number++)
        {
            ref var block = ref latest[number / Block];
            block = Math.Max(block, chronicle.Updated(number, chronicle.Stages(number), SaleStages.Never - 1, choices));
        }
        return latest;
    }

    public JsonObject Render(int number, long now) => rendering.Of(number, chronicle.Until(number, now), choices());
}
