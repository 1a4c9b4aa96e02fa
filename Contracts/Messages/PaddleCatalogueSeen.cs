namespace Allocora.Contracts.Messages;

/// <summary>A product of the seller's Paddle account, from its catalogue or as a sale of it showed it.</summary>
/// <param name="Status">active or archived.</param>
/// <param name="Type">standard, or custom for one that exists in sales only.</param>
public sealed record PaddleProductSeen(
    string Id, string Source, string Environment, string Name, string Status, string Type, DateTimeOffset? UpdatedAt, IReadOnlyList<PaddlePrice> Prices)
{
    public const string Message = "paddle.product.seen.v1";
}

/// <param name="Name">What customers see, else the seller's own description.</param>
public sealed record PaddlePrice(string Id, string? Name, string Status, string Type, Money? UnitPrice);
