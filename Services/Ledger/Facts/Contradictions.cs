namespace Allocora.Ledger;

/// <summary>How contradictions come to be in the memory of a stream, and go.</summary>
internal static class Contradictions
{
    public const string Superseded = "superseded", Accepted = "accepted", Dismissed = "dismissed";

    public static Versions<T> Opened<T>(this Versions<T> versions, string reason, Sight<T> version) where T : class =>
        versions with { Open = new SortedDictionary<string, Sight<T>>(versions.Open.ToDictionary(), StringComparer.Ordinal) { [reason] = version } };

    /// <summary>Another version may have taken its place before.</summary>
    public static Versions<T> Closed<T>(this Versions<T> versions, string reason, string version) where T : class =>
        versions.Open.GetValueOrDefault(reason)?.Version == version
            ? versions with { Open = new SortedDictionary<string, Sight<T>>(versions.Open.Where(o => o.Key != reason).ToDictionary(), StringComparer.Ordinal) }
            : versions;
}
