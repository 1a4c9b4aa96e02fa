using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Allocora.AppHost;

/// <summary>
/// A link that signs in whoever sits at this machine. It has to be in the form the console knows, which
/// <c>Services/Console/People/LinkToken.cs</c> describes.
/// </summary>
internal static class SignInLink
{
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(10);

    public static string Make(string console, string key, DateTimeOffset now)
    {
        var expires = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(expires, (now + GoodFor).ToUnixTimeSeconds());
        byte[] said = [1, .. RandomNumberGenerator.GetBytes(16), .. expires, (byte)"owner"u8.Length, .. "owner"u8, .. "Local owner"u8];
        byte[] token = [.. said, .. HMACSHA256.HashData(Convert.FromBase64String(key), said)];
        return $"{console}/sign-in/link?t={Base64Url.EncodeToString(token)}";
    }
}
