using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Allocora.EventStore;

/// <summary>How a workspace's events are bound together, for whoever recomputes it without the database.</summary>
public static class SealChain
{
    /// <summary>What the first event is bound to.</summary>
    public static byte[] Beginning(string workspace) => SHA256.HashData(Encoding.UTF8.GetBytes(workspace));

    /// <summary>What an event is and where it stands; the same bytes as allocora_leaf_head in Schema/003_append.sql.</summary>
    /// <param name="content">What it says: <see cref="CanonicalJson.Hash"/>.</param>
    public static byte[] Leaf(long sequence, Guid id, string workspace, string stream, long version, string type, DateTimeOffset at, byte[] content)
    {
        var microseconds = (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var head = string.Create(
            CultureInfo.InvariantCulture, $"1\n{sequence}\n{id}\n{workspace}\n{stream}\n{version}\n{type}\n{microseconds}\n");
        return SHA256.HashData([0, .. Encoding.UTF8.GetBytes(head), .. content]);
    }

    public static byte[] Next(byte[] chain, byte[] leaf) => SHA256.HashData([1, .. chain, .. leaf]);
}
