using System.Globalization;
using Allocora.Contracts;

namespace Allocora.Ledger;

/// <summary>One version of an object as it was seen, with what orders it among the others.</summary>
/// <param name="Rank">How far its status is; only what is further than <see cref="Sight.Unpaid"/> is money.</param>
/// <param name="Unsound">What of it cannot be true by itself; null when nothing is.</param>
internal sealed record Sight<T>(T Body, SeenAt Seen, string Status, int Rank, DateTimeOffset UpdatedAt, string? Unsound) where T : class
{
    public bool IsMoney => Rank > Sight.Unpaid;

    public string Version => Sight.VersionOf(Seen, UpdatedAt);

    public bool IsOfStateOf(Sight<T> other) => (Rank, UpdatedAt) == (other.Rank, other.UpdatedAt);
}

internal static class Sight
{
    public const int Unpaid = 3;

    /// <summary>
    /// Names a version. What was so before and is so again is another version, for between the two it was not; and what a person let
    /// in is judged apart from the same before.
    /// </summary>
    public static string VersionOf(SeenAt seen, DateTimeOffset updatedAt) => string.Create(
        CultureInfo.InvariantCulture, $"{seen.Revision}@{updatedAt.ToUnixTimeMilliseconds()}.{updatedAt.Microsecond}{(seen.Included ? "+" : "")}");

    /// <summary>The further status, then the later by Paddle's clock; of one state, what was read last, then the greater hash.</summary>
    public static int Order<T>(Sight<T> a, Sight<T> b) where T : class =>
        a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : InTime(a, b);

    /// <summary>The same without regard to the status, which only decides between two of one moment.</summary>
    public static int ByTime<T>(Sight<T> a, Sight<T> b) where T : class =>
        a.UpdatedAt == b.UpdatedAt && a.Rank != b.Rank ? a.Rank.CompareTo(b.Rank) : InTime(a, b);

    private static int InTime<T>(Sight<T> a, Sight<T> b) where T : class
    {
        var order = a.UpdatedAt.CompareTo(b.UpdatedAt);
        if (order == 0) order = a.Seen.At.CompareTo(b.Seen.At);
        return order != 0 ? order : string.CompareOrdinal(a.Version, b.Version);
    }
}

/// <summary>What the versions of one kind of object are compared by.</summary>
/// <param name="SameAmounts">Of what is known from the start.</param>
/// <param name="SameSettlement">Of what the seller gets; asked only of versions that have it.</param>
/// <param name="MayChange">Whether a later version may have other amounts. A sale may, an adjustment may not.</param>
internal sealed record VersionRules<T>(
    Func<T, T, bool> SameAmounts, Func<T, bool> IsSettled, Func<T, T, bool> SameSettlement, bool MayChange) where T : class;

/// <summary>
/// What is remembered of all versions of an object that were seen: which one counts, which one told what the seller gets, and of
/// each kind of contradiction the last. It depends on which versions were seen and neither on their order nor on how often.
/// </summary>
/// <param name="Current">Of those that are money and add up, the last by <see cref="Sight.Order"/>.</param>
/// <param name="Settled">The same of those that know what the seller gets.</param>
/// <param name="Open">By reason.</param>
internal sealed record Versions<T>(Sight<T>? Current, Sight<T>? Settled, IReadOnlyDictionary<string, Sight<T>> Open) where T : class
{
    public const string OtherAmounts = "other-amounts", OtherSettlement = "other-settlement", WentBack = "status-went-back", Unsound = "unsound";

    public static Versions<T> None { get; } = new(null, null, new Dictionary<string, Sight<T>>());

    /// <summary>The same with one more. What stood for others before still does, so they need not be kept.</summary>
    public Versions<T> With(Sight<T> seen, VersionRules<T> rules)
    {
        var all = Open.Values.Append(seen).ToList();
        if (Current is not null) all.Add(Current);
        if (Settled is not null) all.Add(Settled);
        return Of(all, rules);
    }

    /// <summary>What a set of versions comes to.</summary>
    public static Versions<T> Of(IReadOnlyCollection<Sight<T>> all, VersionRules<T> rules)
    {
        var sound = all.Where(s => s.Unsound is null).ToList();
        var money = sound.Where(s => s.IsMoney).ToList();
        var current = Last(money, Sight.Order);
        var settled = Last(money.Where(s => rules.IsSettled(s.Body)), Sight.Order);
        var until = Last(sound, Sight.ByTime)?.UpdatedAt;

        var open = new SortedDictionary<string, Sight<T>>(StringComparer.Ordinal);
        Keep(OtherAmounts, Last(money.Where(s => !rules.SameAmounts(s.Body, current!.Body) && IsRival(s, current)), Sight.Order));
        Keep(OtherSettlement, Last(money.Where(s =>
            rules.IsSettled(s.Body) && !rules.SameSettlement(s.Body, settled!.Body) && IsRival(s, settled)), Sight.Order));
        Keep(WentBack, Last(sound.Where(s => current is null || (s.Rank < current.Rank && s.UpdatedAt > current.UpdatedAt)), Sight.ByTime));
        Keep(Unsound, Last(all.Where(s => s.Unsound is not null && (until is null || s.UpdatedAt >= until)), Sight.ByTime));
        return new(current, settled, open);

        bool IsRival(Sight<T> one, Sight<T> other) => !rules.MayChange || one.IsOfStateOf(other);

        void Keep(string reason, Sight<T>? version)
        {
            if (version is not null) open.Add(reason, version);
        }
    }

    private static Sight<T>? Last(IEnumerable<Sight<T>> versions, Comparison<Sight<T>> order)
    {
        Sight<T>? last = null;
        foreach (var version in versions)
            if (last is null || order(version, last) > 0) last = version;
        return last;
    }
}
