using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>All that the account sold before anybody called: the same for a seed for ever.</summary>
internal sealed class Past
{
    private readonly Chronicle chronicle;

    private Past(Options options)
    {
        chronicle = new Chronicle(options);
        Rates = chronicle.Rates;
        Choices = () => options.Choices;
        Transactions = new SaleShelf(chronicle, HoldRetainedFee);
        Adjustments = new AdjustmentShelf(chronicle, HoldRetainedFee);
        var (catalogue, people, vouchers) = (chronicle.Catalogue, chronicle.People, chronicle.Vouchers);
        Products = new CatalogueShelf(Wares.All.Length, catalogue.Made, catalogue.Product);
        Prices = new CatalogueShelf(Wares.Offers.Length, catalogue.MadeOffer, catalogue.Price);
        Customers = new PeopleShelf(chronicle, "ctm", null, people.CustomerId, people.Customer);
        Addresses = new PeopleShelf(chronicle, "add", null, people.AddressId, people.Address);
        Businesses = new PeopleShelf(chronicle, "biz", chronicle.Businesses, people.BusinessId, people.Business);
        Discounts = new CatalogueShelf(Vouchers.Count, vouchers.Made, (voucher, _) => vouchers.Render(voucher));
    }

    public static Past Of(Options options) => new(options);

    /// <summary>The choices as they are now: those of the account, which can change while it runs.</summary>
    public Func<Choices> Choices { get; set; }

    public Rates Rates { get; }

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

    private bool HoldRetainedFee() => Choices().EarningsHoldRetainedFee == "yes";
}
