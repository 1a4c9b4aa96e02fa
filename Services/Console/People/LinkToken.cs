using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Allocora.Console;

/// <summary>
/// A link of this machine that signs one person in, once. Whoever holds the key makes it: no server has to be asked. Its token is, in Base64 for
/// addresses and without padding: one byte 1; 16 random bytes; when it expires, as 8 bytes of seconds since 1970, big-endian; one byte, the length
/// of the subject; the subject; the name, up to the last 32 bytes; these, HMAC-SHA256 over all before them. Texts are UTF-8.
/// </summary>
internal sealed record LinkToken(byte[] Nonce, DateTimeOffset Expires, string Subject, string Name)
{
    public static readonly TimeSpan LifetimeMax = TimeSpan.FromMinutes(10);
    private const byte Version = 1;
    private const int NonceSize = 16, Head = 1 + NonceSize + 8 + 1, TokenLengthMax = 1000;

    public static LinkToken New(DateTimeOffset expires, string name, string subject = PlatformAdmins.LocalSubject) =>
        new(RandomNumberGenerator.GetBytes(NonceSize), expires, subject, name);

    public string Make(byte[] key)
    {
        var (subject, name) = (Encoding.UTF8.GetBytes(Subject), Encoding.UTF8.GetBytes(Name));
        var token = new byte[Head + subject.Length + name.Length + HMACSHA256.HashSizeInBytes];
        token[0] = Version;
        Nonce.CopyTo(token, 1);
        BinaryPrimitives.WriteInt64BigEndian(token.AsSpan(1 + NonceSize), Expires.ToUnixTimeSeconds());
        token[Head - 1] = checked((byte)subject.Length);
        subject.CopyTo(token, Head);
        name.CopyTo(token, Head + subject.Length);
        HMACSHA256.HashData(key, token.AsSpan(..^HMACSHA256.HashSizeInBytes), token.AsSpan(^HMACSHA256.HashSizeInBytes..));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>What the token says; null unless it was made with the key.</summary>
    public static LinkToken? Open(byte[] key, string text)
    {
        if (text.Length > TokenLengthMax || !Base64Url.IsValid(text)) return null;
        ReadOnlySpan<byte> token = Base64Url.DecodeFromChars(text);
        if (token.Length < Head + HMACSHA256.HashSizeInBytes || token[0] != Version) return null;
        var said = token[..^HMACSHA256.HashSizeInBytes];
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(key, said), token[said.Length..])) return null;

        var (seconds, subjectLength) = (BinaryPrimitives.ReadInt64BigEndian(said[(1 + NonceSize)..]), said[Head - 1]);
        // It was made with the key, but maybe not by a program that counts as we do.
        if (seconds < 0 || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds() || subjectLength == 0 || said.Length < Head + subjectLength) return null;
        var texts = said[Head..];
        return new(
            said.Slice(1, NonceSize).ToArray(), DateTimeOffset.FromUnixTimeSeconds(seconds),
            Encoding.UTF8.GetString(texts[..subjectLength]), Encoding.UTF8.GetString(texts[subjectLength..]));
    }
}
