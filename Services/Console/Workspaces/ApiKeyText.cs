using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Allocora.Console;

/// <summary>
/// An API key as its owner has it: <c>alk_</c>, the key's id, a secret and a checksum, by which whoever scans for lost keys knows one.
/// </summary>
internal static class ApiKeyText
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz234567", Prefix = "alk_";
    private const int IdLength = 26, SecretLength = 52, ChecksumLength = 8;
    private static readonly SearchValues<char> OfLetters = SearchValues.Create(Letters);

    /// <summary>32 random bytes in lower-case Base32.</summary>
    public static string NewSecret()
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        return string.Create(SecretLength, bytes, static (text, bytes) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                var (at, shift) = (i * 5 / 8, i * 5 % 8);
                var two = bytes[at] << 8 | (at + 1 < bytes.Length ? bytes[at + 1] : 0);
                text[i] = Letters[two >> (11 - shift) & 31];
            }
        });
    }

    public static string Of(string key, string secret)
    {
        var text = $"{Prefix}{key[^IdLength..]}_{secret}";
        return $"{text}_{Checksum(text)}";
    }

    /// <summary>As much of it as anybody may see.</summary>
    public static string Masked(string key) => $"{Prefix}{key[^IdLength..]}_…";

    /// <summary>Null for a text no key has.</summary>
    public static (string Key, string Secret)? Read(string text)
    {
        if (text.Length != Prefix.Length + IdLength + 1 + SecretLength + 1 + ChecksumLength || !text.StartsWith(Prefix, StringComparison.Ordinal)) return null;
        var key = $"key_{text.AsSpan(Prefix.Length, IdLength)}";
        var secret = text.Substring(Prefix.Length + IdLength + 1, SecretLength);
        var known = text[Prefix.Length + IdLength] == '_' && text[^(ChecksumLength + 1)] == '_'
            && Contracts.NewId.Is("key", key) && !secret.AsSpan().ContainsAnyExcept(OfLetters)
            && text.EndsWith(Checksum(text[..^(ChecksumLength + 1)]), StringComparison.Ordinal);
        return known ? (key, secret) : null;
    }

    public static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(secret)));

    // CRC-32 as zip has it.
    private static string Checksum(string text)
    {
        var crc = uint.MaxValue;
        foreach (var letter in text)
        {
            crc ^= letter;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : crc >> 1 ^ 0xEDB88320;
        }
        return (~crc).ToString("x8", CultureInfo.InvariantCulture);
    }
}
