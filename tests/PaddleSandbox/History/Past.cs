using Allocora.PaddleSandbox.Money;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>All that the account sold before anybody called: the same for a seed for ever.</summary>
internal sealed class Past
{
    public static Past Of(Options options)
    {
        return new Past { Rates = new Rates(options.Seed) };
    }

    public required Rates Rates { get; init; }

    public IShelf Transactions { get; } = ListShelf.Empty;

    public IShelf Adjustments { get; } = ListShelf.Empty;

    public IShelf Products { get; } = ListShelf.Empty;

    public IShelf Prices { get; } = ListShelf.Empty;

    public IShelf Customers { get; } = ListShelf.Empty;

    public IShelf Addresses { get; } = ListShelf.Empty;

    public IShelf Businesses { get; } = ListShelf.Empty;

    public IShelf Discounts { get; } = ListShelf.Empty;

    /// <summary>The numbers of the adjustments of a transaction of history, oldest first, those of the future too.</summary>
    public IReadOnlyList<int> AdjustmentsOf(int transaction)
    {
        _ = (transaction, this);
        return [];
    }
}
