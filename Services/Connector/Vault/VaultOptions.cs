using Microsoft.Extensions.Options;

namespace Allocora.Connector;

public sealed class VaultOptions
{
    /// <summary>The keys that wrap what opens secrets, by their names: 32 random bytes in Base64. An old one stays until nothing needs it.</summary>
    public IReadOnlyDictionary<string, string> Keys { get; init; } = new Dictionary<string, string>();

    /// <summary>The name of the key that wraps from now on.</summary>
    public string Current { get; init; } = "";
}

/// <summary>Without the keys the service could neither read what it keeps nor keep anything.</summary>
internal sealed class VaultCheck : IValidateOptions<VaultOptions>
{
    private const int NameMax = 32;

    public ValidateOptionsResult Validate(string? name, VaultOptions options)
    {
        var wrong = options.Keys.Where(key => !IsName(key.Key))
            .Select(key => $"Vault__Keys__{key.Key} is not valid: a name has 1 to {NameMax} of a-z, 0-9 and -.")
            .Concat(options.Keys.Where(key => KeyOf(key.Value) is null).Select(key => $"Vault__Keys__{key.Key} is not valid: give 32 random bytes in Base64."))
            .Concat(options.Keys.GroupBy(key => key.Value).Where(same => same.Count() > 1)
                .Select(same => $"{string.Join(" and ", same.Select(key => $"Vault__Keys__{key.Key}"))} are the same: give each name a key of its own."))
            .ToList();
        if (!options.Keys.ContainsKey(options.Current))
            wrong.Add("Vault__Current is not valid: give the name of one of the keys Vault__Keys__NAME, each 32 random bytes in Base64.");
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    public static byte[]? KeyOf(string text)
    {
        var key = new byte[text.Length];
        return Convert.TryFromBase64String(text, key, out var length) && length == KeyVault.KeySize ? key[..length] : null;
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameMax && name.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-');
}
