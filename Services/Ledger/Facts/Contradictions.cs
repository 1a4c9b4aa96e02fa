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

    /// <summary>Another version may have taken its place before.</summary>
    public static Versions<T> Closed<T>(this Versions<T> versions, string reason, string version) where T : class =>
        versions.Open.GetValueOrDefault(reason)?.Version == version
            ? versions with { Open = new SortedDictionary<string, Sight<T>>(versions.Open.Where(o => o.Key != reason).ToDictionary(), StringComparer.Ordinal) }
            : versions;
}
