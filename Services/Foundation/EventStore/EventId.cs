using System.Security.Cryptography;
using System.Text;

namespace Allocora.EventStore;

/// <summary>Names an event after what it came from, so that the same observation or command has the same id wherever and whenever it is made.</summary>
public static class EventId
{
    private static readonly Guid Events = new("7c5ad9b4-3b0e-5f6e-9a57-1f0f6f0c2d11");

    /// <param name="key">Names the observation or command within its workspace.</param>
    /// <param name="nth">Which of its events, from 1.</param>
    public static Guid Of(string workspace, string key, int nth) => Version5(Events, $"{workspace}\n{key}\n{nth}");

    /// <summary>RFC 9562, section 5.5.</summary>
    public static Guid Version5(Guid space, string name)
    {
        byte[] named = [.. space.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)];
#pragma warning disable CA5350 // the standard says SHA-1; nothing is kept secret by it
        var hash = SHA1.HashData(named).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new(hash, bigEndian: true);
    }
}
