using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>One line of a transaction of the past.</summary>
/// <param name="Offer">Its price in the catalogue; −1 for one made for this sale.</param>
/// <param name="Name">Of the product, where it was made for this sale.</param>
internal sealed record Bought(int Offer, string? Name, Line Line);

internal sealed record Bill(Country Country, string Currency, IReadOnlyList<Bought> Lines, TransactionTotals Totals, long Fee);

/// <summary>What a transaction of the past is made up of, and what that comes to.</summary>
internal sealed class Baskets(People people, Dice sales)
{
    private static readonly string[] Services =
        ["Migration of a back list", "Printing, 40 copies", "Talk for your team", "Cover design", "Onboarding workshop"];
    private static readonly string[] InvoiceCurrencies = ["USD", "EUR", "GBP"];

    public Country Country(in Sale sale, int number) =>
        sale.Customer >= 0 ? people.Country(sale.Customer) : Places.All[sales.For(1, number).Weighted(Places.Weights, 1)];

    public string Currency(in Sale sale, int number)
    {
        var own = Country(sale, number).Currency;
        return sale.IsManual && !InvoiceCurrencies.Contains(own) ? "USD" : own;
    }

    public Bill Of(in Sale sale, int number)
    {
        var (country, currency) = (Country(sale, number), Currency(sale, number));
        var lines = Lines(sale, number, country, currency);
        var reduction = sale.Voucher == 0 ? Reduction.None : Vouchers.Reduction(sale.Voucher - 1, currency);
        var totals = Totals.Of([.. lines.Select(line => line.Line)], reduction, TaxInPrice(lines[0].Offer, country), sale.Credit);
        return new(country, currency, lines, totals, Totals.Fee(totals.GrandTotal, Rates.FiftyCents(currency)));
    }

    private List<Bought> Lines(in Sale sale, int number, Country country, string currency)
    {
        var dice = sales.For(1, number);
        var lines = new List<Bought>(3);
        switch (sale.Basket)
        {
            case Basket.Change:
                var share = new Ratio(sale.Share, 4);
                lines.Add(Ware(sale, sale.OldOffer, -sale.Quantity, country, currency, share));
                lines.Add(Ware(sale, sale.Offer, sale.Quantity, country, currency, share));
                return lines;
            case Basket.Nothing:
                var nothing = Ware(sale, sale.Offer, sale.Quantity, country, currency);
                return [nothing with { Line = nothing.Line with { UnitPrice = 0 } }];
            case Basket.Custom:
                return [Custom(sale, dice, currency)];
        }
        lines.Add(Ware(sale, sale.Offer, sale.Quantity, country, currency));
        if (sale.Basket == Basket.WithSeats) lines.Add(Ware(sale, Wares.Seat, 1 + (sale.Subscription % 7), country, currency));
        if (sale.Basket == Basket.Invoice) lines.Add(Custom(sale, dice, currency));
        if (sale.Basket == Basket.Several) AddOthers(lines, sale, dice, country, currency);
        return lines;
    }

    // A transaction holds the tax in all its prices or in none.
    private void AddOthers(List<Bought> lines, in Sale sale, Dice dice, Country country, string currency)
    {
        for (var other = 0; other <= dice.Below(2, 5); other++)
        {
            var offer = dice.Pick(Wares.Beside, 6 + other);
            if (TaxInPrice(offer, country) == TaxInPrice(sale.Offer, country)) lines.Add(Ware(sale, offer, 1 + dice.Below(2, 8 + other), country, currency));
        }
    }

    private Bought Ware(in Sale sale, int offer, int quantity, Country country, string currency, Ratio? proration = null)
    {
        var one = Wares.Offers[offer];
        var price = CatalogueOfPast.UnitPrice(one, country, currency);
        return new(offer, null, new(price, quantity, Rate(sale, country, Wares.All[one.Ware].TaxCategory), proration));
    }

    private Bought Custom(in Sale sale, Dice dice, string currency)
    {
        var rate = sale.Customer < 0 ? new Ratio(0, 0) : people.Rate(sale.Customer, "professional-services");
        return new(-1, dice.Pick(Services, 10), new(Rates.OfCents(dice.Between(40, 900, 11) * 100, currency), 1, rate));
    }

    private Ratio Rate(in Sale sale, Country country, string taxCategory) => sale.Customer >= 0
        ? people.Rate(sale.Customer, taxCategory)
        : taxCategory == "ebooks" ? country.BookRate : country.Rate;

    private static bool TaxInPrice(int offer, Country country) => offer >= 0 && Places.TaxInPrice(Wares.Offers[offer].TaxMode, country.Code);
}
