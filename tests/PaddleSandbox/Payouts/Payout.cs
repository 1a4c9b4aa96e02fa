using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>How many movements of one kind, and what they come to.</summary>
internal readonly record struct Tally(int Count, Int128 Sum)
{
    public Tally With(long amount) => new(Count + 1, Sum + amount);

    public static Tally Total(IEnumerable<Tally> many) => many.Aggregate(default(Tally), static (sum, one) => sum + one);

    public static Tally operator +(Tally a, Tally b) => new(a.Count + b.Count, a.Sum + b.Sum);
}

/// <summary>What is paid out for a month, and for months before it that did not come to the minimum.</summary>
/// <param name="Of">The movements by kind.</param>
/// <param name="SwiftFee">The bank's part of them.</param>
internal sealed record Payout(
    string Id, string Reference, string Currency, int First, int Month, IReadOnlyDictionary<string, Tally> Of, Movement? SwiftFee)
{
    public Int128 Amount { get; } = Tally.Total(Of.Values).Sum;

    public long CreatedAt => Months.Start(Month + 1);

    public long PaidAt => CreatedAt + (14 * Instants.Day);

    public JsonObject Json(bool isPaid) => new()
    {
        ["id"] = Id,
        ["status"] = isPaid ? "paid" : "unpaid",
        ["amount"] = Amount.ToString(CultureInfo.InvariantCulture),
        ["currency_code"] = Currency,
        ["remittance_reference"] = Reference,
    };
}
