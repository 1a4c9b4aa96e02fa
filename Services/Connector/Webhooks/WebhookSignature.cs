using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Allocora.Connector;

/// <summary>Whether what came was sent by who knows a secret, now, and is whole.</summary>
internal static class WebhookSignature
{
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(300);
    private const int SignatureSize = 32, SignaturesMax = 10, HeaderMax = 4096;

    // Of a source without secrets, or none, as much is computed as of any other.
    private static readonly byte[] Decoy = RandomNumberGenerator.GetBytes(64);

    /// <param name="header">As Paddle sends it, such as <c>ts=1671552777;h1=…</c>; a second <c>h1</c> stands there while its secret changes.</param>
    /// <param name="body">The very bytes that came.</param>
    public static bool IsGenuine(string? header, ReadOnlySpan<byte> body, IReadOnlyList<Secret> secrets, DateTimeOffset now)
    {
        var (time, signatures) = Read(header);
        var found = false;
        Span<byte> expected = stackalloc byte[SignatureSize];
        for (var i = 0; i < SourceRules.SecretsMax; i++)
        {
            using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, i < secrets.Count ? secrets[i].Reveal() : Decoy);
            hash.AppendData(Encoding.UTF8.GetBytes($"{time}:"));
            hash.AppendData(body);
            hash.GetHashAndReset(expected);
            foreach (var signature in signatures) found |= CryptographicOperations.FixedTimeEquals(signature, expected) & i < secrets.Count;
        }
        return found && IsNow(time, now);
    }

    private static bool IsNow(string time, DateTimeOffset now) =>
        long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
        && second >= (now - Tolerance).ToUnixTimeSeconds() && second <= (now + Tolerance).ToUnixTimeSeconds();

    // Parts that are not known are for versions of the signature that are not, either.
    private static (string Time, List<byte[]> Signatures) Read(string? header)
    {
        var (times, signatures) = (new List<string>(), new List<byte[]>());
        foreach (var part in (header is { Length: <= HeaderMax } ? header : "").Split(';', StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith("ts=", StringComparison.Ordinal)) times.Add(part["ts=".Length..]);
            if (part.StartsWith("h1=", StringComparison.Ordinal) && Bytes(part["h1=".Length..]) is { } signature && signatures.Count < SignaturesMax)
                signatures.Add(signature);
        }
        return (times is [var time] ? time : "", signatures);
    }

    private static byte[]? Bytes(string hex) =>
        hex.Length == 2 * SignatureSize && hex.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(hex) : null;
}
