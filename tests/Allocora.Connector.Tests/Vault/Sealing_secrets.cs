using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Allocora.Connector.Tests.Vault;

public sealed class Sealing_secrets
{
    private const string Key = "pdl_sdbx_apikey_01gtgztp8f4kek3yd4g1wrksa3_q6TGTJyvoIz7LDtXT65bX7_AQO";
    private static readonly SecretName Name = new("ws_1", "src_1", "api-key", 1, "sandbox");
    private static readonly KeyVault First = With("k1", "k1"), Both = With("k2", "k1", "k2"), Second = With("k2", "k2");

    [Fact]
    public void What_was_sealed_opens()
    {
        using var opened = First.Open(Name, Sealed(First));
        Assert.Equal(Key, Encoding.UTF8.GetString(opened.Reveal()));
    }

    [Fact]
    public void Nothing_of_the_secret_shows()
    {
        var kept = Sealed(First);
        byte[] bytes = [.. kept.WrapNonce, .. kept.Wrapped, .. kept.Nonce, .. kept.Ciphertext, .. kept.Commitment, .. kept.Fingerprint];
        Assert.DoesNotContain("apikey", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
        Assert.NotEqual(kept.Ciphertext, Sealed(First).Ciphertext);
    }

    [Fact]
    public void It_opens_under_no_other_name()
    {
        var kept = Sealed(Both);
        Assert.All(new[]
        {
            Name with { Workspace = "ws_2" }, Name with { Source = "src_2" }, Name with { Purpose = "webhook" }, Name with { Version = 2 },
            Name with { Environment = "live" }, new SecretName("ws_2", "src_2", "api-key", 1, "sandbox"),
        }, other => Refuses(Both, other, kept));
    }

    [Fact]
    public void Not_one_bit_of_it_may_be_another()
    {
        var kept = Sealed(Both);
        var changed = Flips(kept.WrapNonce, b => kept with { WrapNonce = b }).Concat(Flips(kept.Wrapped, b => kept with { Wrapped = b }))
            .Concat(Flips(kept.Nonce, b => kept with { Nonce = b })).Concat(Flips(kept.Ciphertext, b => kept with { Ciphertext = b }))
            .Concat(Flips(kept.Commitment, b => kept with { Commitment = b })).Concat(Flips(kept.Fingerprint, b => kept with { Fingerprint = b }))
            .Concat(Enumerable.Range(0, 15).Select(bit => kept with { Form = (short)(kept.Form ^ (1 << bit)) }))
            .Concat(Flips(Encoding.UTF8.GetBytes(kept.Kek), b => kept with { Kek = Encoding.UTF8.GetString(b) })).ToList();

        Assert.Equal(8 * (12 + 48 + 12 + Key.Length + 16 + 32 + 8) + 15 + 16, changed.Count);
        Assert.All(changed, other => Refuses(Both, Name, other));
        Refuses(Both, Name, kept with { Form = 0 });
        Refuses(Both, Name, kept with { Kek = "k1" });
    }

    [Fact]
    public void No_column_of_another_secret_fits()
    {
        var (kept, other) = (Sealed(First), First.Seal(Name, Secret.Of($"{Key[..^1]}P")));
        Assert.All(new[]
        {
            kept with { WrapNonce = other.WrapNonce, Wrapped = other.Wrapped }, kept with { Nonce = other.Nonce, Ciphertext = other.Ciphertext },
            kept with { Commitment = other.Commitment }, kept with { Fingerprint = other.Fingerprint },
            kept with { Nonce = other.Nonce, Ciphertext = other.Ciphertext, Commitment = other.Commitment, Fingerprint = other.Fingerprint },
            kept with { WrapNonce = [] }, kept with { Wrapped = kept.Wrapped[..8] }, kept with { Ciphertext = [] },
        }, mixed => Refuses(First, Name, mixed));
    }

    [Fact]
    public void Wrapped_anew_it_needs_the_new_key_alone_and_what_holds_the_secret_is_untouched()
    {
        var kept = Sealed(First);
        var anew = Both.Rewrap(Name, kept);

        Assert.Equal((kept.Nonce, kept.Ciphertext, kept.Commitment), (anew.Nonce, anew.Ciphertext, anew.Commitment));
        Assert.Equal(Key, Encoding.UTF8.GetString(Second.Open(Name, anew).Reveal()));
        Refuses(First, Name, anew);
        Refuses(Second, Name, kept);
    }

    [Fact]
    public void The_same_secret_is_known_again_before_and_after_the_key_is_another()
    {
        using var secret = Secret.Of(Key);
        var (old, anew) = (Sealed(First), Both.Rewrap(Name, Sealed(First)));

        Assert.Equal(old.Fingerprint, Both.Fingerprints(secret)[old.Kek]);
        Assert.Equal(anew.Fingerprint, Both.Fingerprints(secret)[anew.Kek]);
        Assert.Equal(anew.Fingerprint, Second.Fingerprints(secret)["k2"]);
        Assert.NotEqual(old.Fingerprint, anew.Fingerprint);
        Assert.NotEqual(old.Fingerprint, First.Fingerprints(Secret.Of($"{Key} "))["k1"]);
    }

    [Fact]
    public void Without_keys_that_make_sense_there_is_no_vault()
    {
        Assert.StartsWith("Vault__Current is not valid: give the name of one of the keys", Fault(new()), StringComparison.Ordinal);
        Assert.StartsWith("Vault__Current is not valid", Fault(new() { Keys = Keys("k1"), Current = "k2" }), StringComparison.Ordinal);
        Assert.Equal("Vault__Keys__k1 is not valid: give 32 random bytes in Base64.",
            Fault(new() { Keys = new Dictionary<string, string> { ["k1"] = "c2hvcnQ=" }, Current = "k1" }));
        Assert.Equal("Vault__Keys__k1 and Vault__Keys__k2 are the same: give each name a key of its own.",
            Fault(new() { Keys = new Dictionary<string, string> { ["k1"] = Keys("k1")["k1"], ["k2"] = Keys("k1")["k1"] }, Current = "k1" }));
        Assert.Equal("Vault__Keys__K|1 is not valid: a name has 1 to 32 of a-z, 0-9 and -.", Fault(new() { Keys = Keys("K|1"), Current = "K|1" }));
        Assert.True(new VaultCheck().Validate(null, new() { Keys = Keys("k1", "k2"), Current = "k2" }).Succeeded);

        static string Fault(VaultOptions options) => new VaultCheck().Validate(null, options).FailureMessage!;
    }

    private static SealedSecret Sealed(KeyVault vault)
    {
        using var secret = Secret.Of(Key);
        return vault.Seal(Name, secret);
    }

    private static void Refuses(KeyVault vault, SecretName name, SealedSecret kept)
    {
        Assert.ThrowsAny<CryptographicException>(() => vault.Open(name, kept));
        Assert.ThrowsAny<CryptographicException>(() => vault.Rewrap(name, kept));
    }

    private static IEnumerable<SealedSecret> Flips(byte[] bytes, Func<byte[], SealedSecret> with) => Enumerable.Range(0, bytes.Length * 8).Select(bit =>
    {
        var flipped = bytes.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return with(flipped);
    });

    internal static KeyVault With(string current, params string[] names) => new(Options.Create(new VaultOptions { Keys = Keys(names), Current = current }));

    private static Dictionary<string, string> Keys(params string[] names) =>
        names.ToDictionary(name => name, name => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(name))));
}
