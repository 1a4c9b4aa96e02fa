using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Allocora.Contracts;

/// <summary>
/// Ids are text: what it is, an underscore, and 26 lower-case letters and digits, of which the first ten are the time in
/// milliseconds. So the newest sorts last, and no one can guess another.
/// </summary>
public static class NewId
{
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private static readonly SearchValues<char> OfDigits = SearchValues.Create(Digits);

    public static string For(string what, DateTimeOffset now)
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        var bits = (UInt128)(ulong)now.ToUnixTimeMilliseconds() << 80 | BinaryPrimitives.ReadUInt128BigEndian(random) & ((UInt128.One << 80) - 1);
        return $"{what}_{Text(bits)}";
    }

    /// <summary>An id for what has always been: who makes it again from the same hash makes the same one.</summary>
    public static string Of(string what, ReadOnlySpan<byte> hash) => $"{what}_{Text(BinaryPrimitives.ReadUInt128BigEndian(hash))}";

    /// <summary>Whether a text has the form of an id of this kind; it need not exist.</summary>
    public static bool Is(string what, string text) =>
        text.Length == what.Length + 27 && text.StartsWith(what, StringComparison.Ordinal) && text[what.Length] == '_'
        && !text.AsSpan(what.Length + 1).ContainsAnyExcept(OfDigits);

    private static string Text(UInt128 bits) => string.Create(26, bits, static (text, bits) =>
    {
        for (var i = 25; i >= 0; i--, bits >>= 5) text[i] = Digits[(int)(bits & 31)];
    });
}
