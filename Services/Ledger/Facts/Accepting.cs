using Allocora.Contracts.Events;

namespace Allocora.Ledger;

/// <summary>What a person's word about a contradiction comes to.</summary>
internal static class Accepting
{
    /// <summary>The version counts from now on, whatever the order of versions says; null when it is not open.</summary>
    public static IReadOnlyList<RevenueHappened>? Accept(Sale sale, string id, string reason, string version, string note) =>
        Taken(sale.Versions, Sale.Rules, reason, version) is not { } after
            ? null
            : [Closed(id, reason, version, Contradictions.Accepted, note), .. Sale.Between(id, sale.Versions.Closed(reason, version), after)];

    /// <inheritdoc cref="Accept(Sale, string, string, string, string)"/>
    public static IReadOnlyList<RevenueHappened>? Accept(Change change, string id, string reason, string version, string note) =>
        Taken(change.Versions, Change.Rules, reason, version) is not { } after
            ? null
            : [Closed(id, reason, version, Contradictions.Accepted, note), .. change.Becoming(id, change.Versions.Closed(reason, version), after)];

    /// <summary>What counts stays; null when it is not open.</summary>
    public static IReadOnlyList<RevenueHappened>? Dismiss<T>(Versions<T> versions, string id, string reason, string version, string note) where T : class =>
        versions.Open.GetValueOrDefault(reason)?.Version == version
            ? [.. versions.Open.Where(o => o.Value.Version == version).Select(o => Closed(id, o.Key, version, Contradictions.Dismissed, note))]
            : null;

    private static ContradictionClosed Closed(string id, string reason, string version, string how, string note) => new(id, reason, version, how, note);

    // A person chose among all there are: what is not chosen is over, and so is what the others said of fee and payout.
    private static Versions<T>? Taken<T>(Versions<T> versions, VersionRules<T> rules, string reason, string version) where T : class
    {
        if (versions.Open.GetValueOrDefault(reason) is not { } chosen || chosen.Version != version || !chosen.IsMoney) return null;
        var sound = chosen with { Unsound = null };
        return new(sound, rules.IsSettled(sound.Body) ? sound : null, Versions<T>.None.Open);
    }
}
