using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts;

namespace Allocora.Ledger;

/// <summary>How contradictions come to be in the memory of a stream, and go.</summary>
internal static class Contradictions
{
    public const string Open = "open", Superseded = "superseded", Accepted = "accepted", Dismissed = "dismissed";

    /// <summary>The same contradiction has the same id wherever it is read.</summary>
    public static string IdOf(string workspace, string environment, string providerId, string reason, string version) =>
        NewId.Of("ctr", SHA256.HashData(Encoding.UTF8.GetBytes($"{workspace}\n{environment}\n{providerId}\n{reason}\n{version}")));

    public static Versions<T> Opened<T>(this Versions<T> versions, string reason, Sight<T> version) where T : class =>
        versions with { Open = new SortedDictionary<string, Sight<T>>(versions.Open.ToDictionary(), StringComparer.Ordinal) { [reason] = version } };

    /// <summary>When Paddle last touched any of the versions that are remembered, or before.</summary>
    public static DateTimeOffset? Latest<T>(this Versions<T> versions, DateTimeOffset? before) where T : class
    {
        var all = versions.Open.Values.Append(versions.Current).Append(versions.Settled).OfType<Sight<T>>().Select(s => s.UpdatedAt).ToList();
        return before is { } until ? all.Append(until).Max() : all.Count == 0 ? null : all.Max();
    }

    /// <summary>Another version may have taken its place before.</summary>
    public static Versions<T> Closed<T>(this Versions<T> versions, string reason, string version) where T : class =>
        versions.Open.GetValueOrDefault(reason)?.Version == version
            ? versions with { Open = new SortedDictionary<string, Sight<T>>(versions.Open.Where(o => o.Key != reason).ToDictionary(), StringComparer.Ordinal) }
            : versions;
}
