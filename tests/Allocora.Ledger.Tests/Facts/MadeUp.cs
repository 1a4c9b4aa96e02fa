using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts;

namespace Allocora.Ledger.Tests;

/// <summary>Sales and adjustments of the tests' own making.</summary>
internal static class MadeUp
{
    public const string Source = "src_01hf7yat00000000000000000a", Run = "run_01hf7yat00000000000000000a";
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 9, 0, 0, TimeSpan.Zero);
    private static readonly Currency Usd = Currency.Parse("USD"), Eur = Currency.Parse("EUR");

    public static string Id(string prefix, int number) => $"{prefix}_{number.ToString(CultureInfo.InvariantCulture).PadLeft(26, '0')}";

    public static Money Dollars(long minor) => new(minor, Usd);

    /// <param name="total">With a tax of a fifth in it.</param>
    /// <param name="minute">When it was last updated, after the start.</param>
    /// <param name="earnings">In the currency of the payout; null while it is not settled.</param>
    public static PaddleTransaction Sale(
        int number = 1, string status = "completed", long total = 1200, int minute = 0, long? earnings = 950, string country = "DE", string? ref_ = null)
    {
        var (tax, whole) = (Dollars(total / 6), Dollars(total));
        var subtotal = whole - tax;
        Money? paidOut = earnings is { } e ? new(e, Eur) : null;
        return new(
            Id("txn", number), status, Start, Start.AddMinutes(minute), Start, null, Start, "web", "automatic", Id("ctm", 7), null, "325-10566", null, null,
            new(country, null, null), null, new(subtotal, Dollars(0), tax, whole, Dollars(0), Dollars(0), whole), null,
            earnings is null ? null : Dollars(50), earnings is null ? null : whole - tax - Dollars(50),
            paidOut is { } p ? new(p, new(0, Eur), new(0, Eur), p, new(45, Eur), p - new Money(45, Eur), "0.9", null) : null,
            [new(Id("txnitm", number), Id("pro", 1), "Course", Id("pri", 1), 1, "0.2", null, new(subtotal, Dollars(0), tax, whole))],
            [new("pay-1", whole, "captured", "card", Start, Start)],
            ref_ is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["ref"] = $"\"{ref_}\"" });
    }

    public static PaddleAdjustment Adjustment(
        int number = 1, string action = "refund", string status = "approved", long total = 600, int minute = 10, int sale = 1, long? payout = 400)
    {
        var (tax, whole) = (Dollars(total / 6), Dollars(total));
        Money? paidOut = payout is { } p ? new(p, Eur) : null;
        return new(
            Id("adj", number), Id("txn", sale), action, status, "partial", Id("ctm", 7), null, "requested", null, Start.AddMinutes(9), Start.AddMinutes(minute),
            new(whole - tax, tax, whole, null, null, null),
            paidOut is { } of ? new(of, new(0, Eur), of, null, null, null, of) : null,
            [new(Id("adjitm", number), Id("txnitm", sale), "partial", whole - tax, tax, whole)]);
    }

    /// <summary>Where it was seen: its revision is a hash of all it says but the time, as the Connector's is.</summary>
    public static SeenAt Seen(object body, int read = 0, bool included = false)
    {
        var text = body switch
        {
            PaddleTransaction t => string.Join('|', t with { UpdatedAt = default, AdjustedTotal = null, Lines = [], Payments = [], CustomData = NoData },
                string.Join(',', t.Lines), string.Join(',', t.CustomData)),
            PaddleAdjustment a => string.Join('|', a with { UpdatedAt = null, Lines = [] }, string.Join(',', a.Lines)),
            _ => throw new ArgumentException("This is neither a sale nor an adjustment.", nameof(body)),
        };
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
        return new(Source, "live", Run, 1, 0, hash, hash, Start.AddHours(1).AddMinutes(read), included);
    }

    private static readonly IReadOnlyDictionary<string, string> NoData = new Dictionary<string, string>();
}
