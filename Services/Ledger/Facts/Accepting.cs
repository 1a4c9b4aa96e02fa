using Allocora.Contracts.Events;

namespace Allocora.Ledger;

/// <summary>What a person's word about a contradiction comes to.</summary>
internal static class Accepting
{
    /// <summary>The version counts from now on, whatever the order of versions says; null when it is not open.</summary>
    public static IReadOnlyList<RevenueHappened>? Accept(Sale sale, string id, string reason, string version, string note) =>
        Taken(sale.Versions, Sale.Rules, reason, version) is not { } after
            ? null
            : [Closed(id, reason, version, Contradictions.Accepted, note), .. Sale.Between(id, Without(sale.Versions, reason), after)];

    /// <inheritdoc cref="Accept(Sale, string, string, string, string)"/>
    public static IReadOnlyList<RevenueHappened>? Accept(Change change, string id, string reason, string version, string note) =>
        Taken(change.Versions, Change.Rules, reason, version) is not { } after
            ? null
            : [Closed(id, reason, version, Contradictions.Accepted, note), .. Change.Between(id, Without(change.Versions, reason), after)];

    /// <summary>What counts stays; null when it is not open.</summary>
    public static IReadOnlyList<RevenueHappened>? Dismiss<T>(Versions<T> versions, string id, string reason, string version, string note) where T : class =>
        versions.Open.GetValueOrDefault(reason)?.Version == version ? [Closed(id, reason, version, Contradictions.Dismissed, note)] : null;

    private static ContradictionClosed Closed(string id, string reason, string version, string how, string note) => new(id, reason, version, how, note);

    private static Versions<T> Without<T>(Versions<T> versions, string reason) where T : class => versions.Closed(reason, versions.Open[reason].Version);

    // One version may contradict for two reasons; where it counts, it contradicts for none.
    private static Versions<T>? Taken<T>(Versions<T> versions, VersionRules<T> rules, string reason, string version) where T : class
    {
        if (versions.Open.GetValueOrDefault(reason) is not { } chosen || chosen.Version != version || !chosen.IsMoney) return null;
        var sound = chosen with { Unsound = null };
        var others = versions.Open.Where(o => o.Value.Version != version).ToDictionary();
        return new(sound, rules.IsSettled(sound.Body) ? sound : versions.Settled, new SortedDictionary<string, Sight<T>>(others, StringComparer.Ordinal));
    }
}
