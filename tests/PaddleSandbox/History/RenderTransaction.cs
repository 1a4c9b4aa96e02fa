using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>A transaction of the past as the API shows it at an instant.</summary>
internal sealed class RenderTransaction(Chronicle chronicle)
{
    private static readonly string[] Origins =
        ["web", "api", "subscription_charge", "subscription_payment_method_change", "subscription_recurring", "subscription_update"];

    public static string OriginOf(in Sale sale) => Origins[(int)sale.Origin];

    public JsonObject Of(int number, long now, Choices choices)
    {
        var holdRetainedFee = choices.EarningsHoldRetainedFee == "yes";
        var whole = SaleAsOf.Of(chronicle, number, now);
        var (sale, stages) = (whole.Sale, whole.Stages);
        var id = chronicle.SaleId(number);
        var customer = Customer(sale, stages, now);
        var (items, lines) = Lines(whole);
        var figures = whole.Figures;
        return new JsonObject
        {
            ["id"] = id,
            ["status"] = stages.Status(now),
            ["customer_id"] = chronicle.CustomerId(customer),
            ["address_id"] = customer < 0 ? null : chronicle.People.AddressId(customer, chronicle.Customers[customer]),
            ["business_id"] = BusinessId(customer),
            ["custom_data"] = Partners.Data(sale, chronicle.People, whole.Dice),
            ["origin"] = OriginOf(sale),
            ["collection_mode"] = sale.IsManual ? "manual" : "automatic",
            ["subscription_id"] = chronicle.SubscriptionId(Subscription(sale, stages, now)),
            ["invoice_id"] = HasInvoice(sale, stages, now) ? Ids.Of("inv", sale.Created, number, whole.Dice.For(5)) : null,
            ["invoice_number"] = HasInvoice(sale, stages, now) ? InvoiceNumber(number) : null,
            ["billing_details"] = sale.IsManual ? Billing(whole) : null,
            ["billing_period"] = Period(whole),
            ["currency_code"] = whole.Bill.Currency,
            ["discount_id"] = sale.Voucher == 0 ? null : chronicle.Vouchers.Id(sale.Voucher - 1),
            ["created_at"] = Instants.Text(sale.Created),
            ["updated_at"] = Instants.Text(chronicle.Updated(number, stages, now, choices)),
            ["billed_at"] = Time(BilledAt(sale, stages, whole.Dice, now)),
            ["revised_at"] = Time(stages.Revised <= now ? stages.Revised : null),
            ["items"] = items,
            ["details"] = new JsonObject
            {
                ["tax_rates_used"] = new JsonArray([.. whole.Bill.Totals.ByTaxRate.Select(one => (JsonNode)new JsonObject
                {
                    ["tax_rate"] = one.Rate.ToString(),
                    ["totals"] = Figures.Write(one.Sum),
                })]),
                ["totals"] = figures.Sold(),
                ["adjusted_totals"] = figures.Adjusted(whole.Taken, holdRetainedFee),
                ["payout_totals"] = figures.Payout(whole.Exchange),
                ["adjusted_payout_totals"] = figures.AdjustedPayout(whole.Exchange, whole.TakenInPayout, whole.DisputeFee, holdRetainedFee),
                ["line_items"] = lines,
            },
            ["payments"] = RenderPayments.Of(whole, chronicle.People),
            ["checkout"] = new JsonObject { ["url"] = sale.IsManual ? null : "https://shop.example.com/pay?_ptxn=" + id },
        };
    }

    /// <summary>Whoever opened a checkout is nobody yet.</summary>
    public static int Customer(in Sale sale, in SaleStages stages, long now) => stages.Ready <= now ? sale.Customer : -1;

    /// <summary>A new subscription is made while its first transaction completes.</summary>
    public static int Subscription(in Sale sale, in SaleStages stages, long now) =>
        sale.Origin != Origin.Web || stages.Completed <= now ? sale.Subscription : -1;

    public static bool HasInvoice(in Sale sale, in SaleStages stages, long now) => (sale.IsManual ? stages.Billed : stages.Completed) <= now;

    public static string InvoiceNumber(int number) => string.Create(CultureInfo.InvariantCulture, $"325-{10_000 + number}");

    public static long? BilledAt(in Sale sale, in SaleStages stages, Dice dice, long now) =>
        stages.Billed > now ? null : sale.IsManual || stages.Billed > sale.Created ? stages.Billed : stages.Billed - SaleStages.BilledBefore(dice);

    private string? BusinessId(int customer) =>
        customer >= 0 && chronicle.People.HasBusiness(customer) ? chronicle.People.BusinessId(customer, chronicle.Customers[customer]) : null;

    private (JsonArray Items, JsonArray Lines) Lines(SaleAsOf sale)
    {
        var (items, lines) = (new JsonArray(), new JsonArray());
        for (var at = 0; at < sale.Bill.Lines.Count; at++)
        {
            var (bought, totals) = (sale.Bill.Lines[at], sale.Bill.Totals.Lines[at]);
            var (price, product) = Thing(sale, bought);
            var priceId = (string)price["id"]!;
            items.Add((JsonNode)new JsonObject
            {
                ["price_id"] = priceId,
                ["price"] = price,
                ["quantity"] = bought.Line.Quantity,
                ["proration"] = Proration(sale, bought),
            });
            lines.Add((JsonNode)new JsonObject
            {
                ["id"] = chronicle.LineId(sale.Number, at),
                ["price_id"] = priceId,
                ["item_id"] = null,
                ["quantity"] = bought.Line.Quantity,
                ["proration"] = Proration(sale, bought),
                ["tax_rate"] = bought.Line.TaxRate.ToString(),
                ["unit_totals"] = Figures.Write(totals.Unit),
                ["totals"] = Figures.Write(totals.Totals),
                ["product"] = product,
            });
        }
        return (items, lines);
    }

    // The price and the product as they were when they were sold.
    private (JsonObject Price, JsonObject Product) Thing(SaleAsOf sale, Bought bought)
    {
        var at = sale.Sale.Created;
        if (bought.Offer >= 0) return (chronicle.Catalogue.Price(bought.Offer, at), chronicle.Catalogue.Product(Wares.Offers[bought.Offer].Ware, at));
        var (price, product) = (Ids.Of("pri", at, sale.Number, sale.Dice.For(6)), Ids.Of("pro", at, sale.Number, sale.Dice.For(7)));
        return (CatalogueOfPast.CustomPrice(price, product, bought.Name!, bought.Line.UnitPrice, sale.Bill.Currency, at),
            CatalogueOfPast.CustomProduct(product, bought.Name!, "professional-services", at));
    }

    private static JsonObject? Proration(SaleAsOf sale, Bought bought) => bought.Line.Proration is not { } share ? null : new JsonObject
    {
        ["rate"] = share.ToString(),
        ["billing_period"] = Span(sale.Sale.Created, sale.Sale.Created + Length(sale.Sale)),
    };

    private static JsonObject? Period(SaleAsOf sale)
    {
        var begins = sale.Sale.Cycle > 0 || sale.Sale.Basket == Basket.Change ? sale.Sale.Created : sale.Stages.Paid;
        var isOne = sale.Sale.Subscription >= 0 && sale.Sale.Origin is Origin.Web or Origin.SubscriptionRecurring or Origin.SubscriptionUpdate;
        return !isOne || begins > sale.Now || sale.Sale.Subscription < 0 ? null : Span(begins, begins + Length(sale.Sale));
    }

    private static long Length(in Sale sale)
    {
        var whole = (Wares.Offers[sale.Offer].Months == 12 ? 365 : 30) * Instants.Day;
        return sale.Basket == Basket.Change ? whole / 10_000 * sale.Share : whole;
    }

    private static JsonObject Span(long from, long to) => new() { ["starts_at"] = Instants.Text(from), ["ends_at"] = Instants.Text(to) };

    private static JsonObject Billing(SaleAsOf sale) => new()
    {
        ["enable_checkout"] = sale.Dice.Happens(3_000, 70),
        ["payment_terms"] = new JsonObject { ["interval"] = "day", ["frequency"] = SaleStages.Terms(sale.Dice) },
        ["purchase_order_number"] = string.Create(CultureInfo.InvariantCulture, $"PO-{sale.Dice.Between(100, 9_999, 71)}"),
        ["additional_information"] = null,
    };

    private static JsonNode? Time(long? at) => at is { } instant ? Instants.Text(instant) : null;
}
