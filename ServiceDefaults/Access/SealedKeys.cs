using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

/// <summary>Seals the keys of a ring where they are kept, so that who reads the table cannot use them: AES-GCM, bound to the ring.</summary>
internal sealed class SealedKeys(string ring, byte[] key) : IXmlEncryptor
{
    private const int NonceSize = 12, TagSize = 16, KeySize = 32;
    private readonly byte[] boundTo = Encoding.UTF8.GetBytes(ring);

    /// <summary>Reads a sealing key as settings have it.</summary>
    public static byte[] KeyOf(string setting, string text) =>
        KeyOf(text) ?? throw new OptionsValidationException(setting, typeof(string), [$"{setting} is not valid: give 32 random bytes in Base64."]);

    public static byte[]? KeyOf(string text)
    {
        var key = new byte[text.Length];
        return Convert.TryFromBase64String(text, key, out var length) && length == KeySize ? key[..KeySize] : null;
    }

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        var sealedKey = new byte[NonceSize + plain.Length + TagSize];
        RandomNumberGenerator.Fill(sealedKey.AsSpan(0, NonceSize));
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(sealedKey.AsSpan(0, NonceSize), plain, sealedKey.AsSpan(NonceSize, plain.Length), sealedKey.AsSpan(NonceSize + plain.Length), boundTo);
        CryptographicOperations.ZeroMemory(plain);
        return new(new XElement("sealed", Convert.ToBase64String(sealedKey)), typeof(Opener));
    }

    private XElement Open(string text)
    {
        var sealedKey = Convert.FromBase64String(text).AsSpan();
        if (sealedKey.Length < NonceSize + TagSize) throw new CryptographicException("The sealed key is cut short.");
        var plain = new byte[sealedKey.Length - NonceSize - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(sealedKey[..NonceSize], sealedKey[NonceSize..^TagSize], sealedKey[^TagSize..], plain, boundTo);
        return XElement.Parse(Encoding.UTF8.GetString(plain));
    }

    /// <summary>Made by the framework, which has kept its type's name beside the sealed key.</summary>
    internal sealed class Opener(IServiceProvider services) : IXmlDecryptor
    {
        public XElement Decrypt(XElement encryptedElement) => services.GetRequiredService<SealedKeys>().Open(encryptedElement.Value);
    }
}
