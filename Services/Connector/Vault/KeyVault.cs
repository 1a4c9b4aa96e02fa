using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Allocora.Connector;

/// <summary>Which secret it is. What was sealed for one opens for no other.</summary>
/// <param name="Purpose">api-key or webhook.</param>
internal sealed record SecretName(string Workspace, string Source, string Purpose, int Version, string Environment);

/// <summary>A secret as the database has it.</summary>
/// <param name="Wrapped">The key that opens the rest, itself sealed with the key <paramref name="Kek"/> of the settings.</param>
/// <param name="Commitment">Shows that the unwrapped key is the one it was sealed with: AES-GCM alone would open with a second key made to fit.</param>
/// <param name="Fingerprint">The same for the same secret under the same <paramref name="Kek"/>, and says nothing about it without that.</param>
internal sealed record SealedSecret(
    short Form, string Kek, byte[] WrapNonce, byte[] Wrapped, byte[] Nonce, byte[] Ciphertext, byte[] Commitment, byte[] Fingerprint);

/// <summary>Seals and opens secrets. Each has a key of its own, which is wrapped with a key that is nowhere in the database.</summary>
internal sealed class KeyVault
{
    public const int KeySize = 32;
    private const short Form = 1;
    private const int NonceSize = 12, TagSize = 16, FingerprintSize = 8;
    private const string Provider = "paddle";
    private static readonly byte[] CommitTo = "allocora/commit/v1"u8.ToArray();
    private readonly Dictionary<string, byte[]> keks;
    private readonly Dictionary<string, byte[]> peppers;

    public KeyVault(IOptions<VaultOptions> options)
    {
        Current = options.Value.Current;
        keks = options.Value.Keys.ToDictionary(key => key.Key, key => VaultCheck.KeyOf(key.Value)!);
        // Each key has a pepper of its own, and wrapping anew makes the fingerprint anew. So duplicates are found while two keys are in use,
        // and an old key can be thrown away whole.
        peppers = keks.ToDictionary(key => key.Key, key => Derive(key.Value, [], $"allocora/fingerprint/v1|{key.Key}"));
    }

    /// <summary>The name of the key that wraps from now on.</summary>
    public string Current { get; }

    public SealedSecret Seal(SecretName name, Secret secret)
    {
        var dek = RandomNumberGenerator.GetBytes(KeySize);
        try
        {
            var nonce = RandomNumberGenerator.GetBytes(NonceSize);
            var ciphertext = Encrypt(dek, nonce, secret.Reveal(), BoundTo(Form, name));
            var (wrapNonce, wrapped) = Wrap(name, dek);
            return new(Form, Current, wrapNonce, wrapped, nonce, ciphertext, Commitment(dek), Fingerprint(Current, secret.Reveal()));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dek);
        }
    }

    /// <exception cref="CryptographicException">It was changed, is not this secret, or is wrapped with a key the settings do not have.</exception>
    public Secret Open(SecretName name, SealedSecret kept)
    {
        var dek = Unwrap(name, kept);
        try
        {
            return Open(name, kept, dek);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dek);
        }
    }

    /// <summary>The same secret, wrapped with the current key. What holds the secret itself stays as it is.</summary>
    public SealedSecret Rewrap(SecretName name, SealedSecret kept)
    {
        var dek = Unwrap(name, kept);
        try
        {
            using var secret = Open(name, kept, dek);
            var (wrapNonce, wrapped) = Wrap(name, dek);
            return kept with { Kek = Current, WrapNonce = wrapNonce, Wrapped = wrapped, Fingerprint = Fingerprint(Current, secret.Reveal()) };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dek);
        }
    }

    /// <summary>What a row of this secret would have as its fingerprint, under each key a row may be wrapped with.</summary>
    public IReadOnlyDictionary<string, byte[]> Fingerprints(Secret secret) => keks.Keys.ToDictionary(kek => kek, kek => Fingerprint(kek, secret.Reveal()));

    private Secret Open(SecretName name, SealedSecret kept, byte[] dek)
    {
        if (!CryptographicOperations.FixedTimeEquals(Commitment(dek), kept.Commitment)) throw Spoilt();
        var plain = Decrypt(dek, kept.Nonce, kept.Ciphertext, BoundTo(kept.Form, name));
        try
        {
            if (!CryptographicOperations.FixedTimeEquals(Fingerprint(kept.Kek, plain), kept.Fingerprint)) throw Spoilt();
            return new(plain);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    private (byte[] Nonce, byte[] Wrapped) Wrap(SecretName name, byte[] dek)
    {
        var nonce = RandomNumberGenerator.GetBytes(NonceSize);
        var key = WrapKey(Current, keks[Current], name);
        try
        {
            return (nonce, Encrypt(key, nonce, dek, WrapBoundTo(Form, Current, name)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private byte[] Unwrap(SecretName name, SealedSecret kept)
    {
        if (kept.Form != Form) throw new CryptographicException("The secret is sealed in a form this program does not know.");
        if (!keks.TryGetValue(kept.Kek, out var kek)) throw new CryptographicException("The secret is wrapped with a key the settings do not have.");
        var key = WrapKey(kept.Kek, kek, name);
        try
        {
            return Decrypt(key, kept.WrapNonce, kept.Wrapped, WrapBoundTo(kept.Form, kept.Kek, name));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static byte[] WrapKey(string id, byte[] kek, SecretName name) =>
        Derive(kek, Encoding.UTF8.GetBytes($"{name.Source}/{name.Purpose}/{Number(name.Version)}"), $"allocora/wrap/v1|{id}");

    private static byte[] WrapBoundTo(short form, string kek, SecretName name) =>
        Bound(form, $"{kek}|{name.Workspace}|{name.Source}|{name.Purpose}|{Number(name.Version)}");

    private static byte[] BoundTo(short form, SecretName name) =>
        Bound(form, $"{name.Workspace}|{name.Source}|{name.Purpose}|{Number(name.Version)}|{Provider}|{name.Environment}");

    private static byte[] Bound(short form, string text) => [checked((byte)form), .. Encoding.UTF8.GetBytes(text)];

    private static string Number(int version) => version.ToString(CultureInfo.InvariantCulture);

    private static byte[] Derive(byte[] key, byte[] salt, string purpose) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeySize, salt, Encoding.UTF8.GetBytes(purpose));

    private static byte[] Commitment(byte[] dek) => HMACSHA256.HashData(dek, CommitTo);

    private byte[] Fingerprint(string kek, ReadOnlySpan<byte> secret) => HMACSHA256.HashData(peppers[kek], secret)[..FingerprintSize];

    private static byte[] Encrypt(byte[] key, byte[] nonce, ReadOnlySpan<byte> plain, byte[] boundTo)
    {
        var kept = new byte[plain.Length + TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Encrypt(nonce, plain, kept.AsSpan(0, plain.Length), kept.AsSpan(plain.Length), boundTo);
        return kept;
    }

    private static byte[] Decrypt(byte[] key, byte[] nonce, byte[] kept, byte[] boundTo)
    {
        // The framework would call these an argument of the wrong size, as if the mistake were in the program.
        if (nonce.Length != NonceSize || kept.Length < TagSize) throw Spoilt();
        var plain = new byte[kept.Length - TagSize];
        using var aes = new AesGcm(key, TagSize);
        aes.Decrypt(nonce, kept.AsSpan(0, plain.Length), kept.AsSpan(plain.Length), plain, boundTo);
        return plain;
    }

    private static CryptographicException Spoilt() => new("The sealed secret is not what was sealed.");
}
