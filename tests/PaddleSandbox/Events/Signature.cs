using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Allocora.PaddleSandbox.Events;

/// <summary>What a receiver checks to know that a webhook comes from Paddle and is whole.</summary>
internal static class Signature
{
    /// <summary>The header: the second it was signed in, and one signature for each secret that counts.</summary>
    public static string Header(IEnumerable<string> secrets, long unixSeconds, ReadOnlySpan<byte> body)
    {
        var header = new StringBuilder().Append(CultureInfo.InvariantCulture, $"ts={unixSeconds}");
        foreach (var secret in secrets) header.Append(";h1=").Append(Of(secret, unixSeconds, body));
        return header.ToString();
    }

    private static string Of(string secret, long unixSeconds, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{unixSeconds}:"), .. body];
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
    }
}
