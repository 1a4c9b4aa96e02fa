using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>All that the account sold before anybody called: the same for a seed for ever.</summary>
internal sealed class Past : IHappenings
{
    private readonly Chronicle chronicle;
    private readonly SaleHappenings sales;
    private readonly AdjustmentHappenings adjustments;

    private Past(Options options)
    {
        chronicle = new Chronicle(options);
        Choices = () => options.Choices;
        Transactions = new SaleShelf(chronicle, () => Choices());
        Adjustments = new AdjustmentShelf(chronicle, () => Choices());
        sales = new SaleHappenings(chronicle, Transactions);
        adjustments = new AdjustmentHappenings(chronicle, Adjustments, () => Choices());
        var (catalogue, people, vouchers) = (chronicle.Catalogue, chronicle.People, chronicle.Vouchers);
        Products = Shelf(options, Wares.All.Length, catalogue.Made, catalogue.Product);
        Prices = Shelf(options, Wares.Offers.Length, catalogue.MadeOffer, catalogue.Price);
        Customers = new PeopleShelf(chronicle, "ctm", null, people.CustomerId, people.Customer);
        Addresses = new PeopleShelf(chronicle, "add", null, people.AddressId, people.Address);
        Businesses = new PeopleShelf(chronicle, "biz", chronicle.Businesses, people.BusinessId, people.Business);
        Discounts = Shelf(options, Vouchers.Count, vouchers.Made, (voucher, _) => vouchers.Render(voucher));
    }

    public static Past Of(Options options) => new(options);

    /// <summary>The choices as they are now: those of the account, which can change while it runs.</summary>
    public Func<Choices> Choices { get; set; }

    /// <summary>What currencies are worth: a sale is paid out at the rate of the instant it was made.</summary>
    public Rates Rates => chronicle.Rates;

    public IShelf Transactions { get; }

    public IShelf Adjustments { get; }

    public IShelf Products { get; }

    public IShelf Prices { get; }

    public IShelf Customers { get; }

    public IShelf Addresses { get; }

    public IShelf Businesses { get; }

    public IShelf Discounts { get; }

    /// <summary>The numbers of the adjustments of a transaction of history, oldest first, those of the future too.</summary>
    public IReadOnlyList<int> AdjustmentsOf(int transaction)
    {
        var numbers = new List<int>();
        for (var at = chronicle.Sales[transaction].FirstAdjustment; at >= 0; at = chronicle.Adjustments[at].Next) numbers.Add(at);
        return numbers;
    }

    /// <summary>Somebody writes an object: where it is a sale of the past, or of one, the past has no more to say about that sale.</summary>
    public void TakeOver(Stored written, long now)
    {
        chronicle.TakeOver(Transactions.Find(written.Id), now);
        if (Adjustments.Find(written.Id) is >= 0 and var number) chronicle.TakeOver(chronicle.Adjustments[number].Sale, now);
        if (written.Text("transaction_id") is { } transaction) chronicle.TakeOver(Transactions.Find(transaction), now);
    }

    public IReadOnlyList<Happening> Between(long after, long upTo)
    {
        var (ofSales, ofAdjustments) = (sales.Between(after, upTo), adjustments.Between(after, upTo));
        var all = new List<Happening>(ofSales.Count + ofAdjustments.Count);
        for (int sale = 0, adjustment = 0; sale < ofSales.Count || adjustment < ofAdjustments.Count;)
        {
            var isSale = adjustment == ofAdjustments.Count || (sale < ofSales.Count && ofSales[sale].At <= ofAdjustments[adjustment].At);
            all.Add(isSale ? ofSales[sale++] : ofAdjustments[adjustment++]);
        }
        return all;
    }

    public bool Happened(Happening happening) => happening.From.Happened(happening);

    public JsonObject Data(Happening happening) => happening.From.Data(happening);

    // Who never sold anything has nothing to sell yet.
    private static CatalogueShelf Shelf(Options options, int length, Func<int, long> made, Func<int, long, JsonObject> render) =>
        new(options.Transactions == 0 ? 0 : length, made, render);
}
