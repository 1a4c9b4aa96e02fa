using System.Text.RegularExpressions;

namespace Allocora.Connector;

/// <summary>What the text of a Paddle API key says about itself.</summary>
/// <param name="Environment">live or sandbox; null for a legacy key, which does not say.</param>
/// <param name="Id">As Paddle names the key, <c>apikey_…</c>; null for a legacy key.</param>
/// <param name="Masked">The part of it that is no secret.</param>
internal sealed partial record PaddleKey(string? Environment, string? Id, string Masked)
{
    private const int ShownOfId = 10;
    private const string HowToGetOne = "Create an API key in Paddle, under Developer tools, Authentication, and paste all of it.";

    public bool IsLegacy => Id is null;

    /// <returns>Null when it is no key; <paramref name="fault"/> says why.</returns>
    public static PaddleKey? Read(string text, out string fault)
    {
        fault = "";
        if (Form().Match(text) is { Success: true } key)
        {
            var (environment, id) = (key.Groups["environment"].Value, key.Groups["id"].Value);
            return new(environment == "live" ? "live" : "sandbox", $"apikey_{id}", $"pdl_{environment}_apikey_{id[..ShownOfId]}****");
        }
        // Nothing of a legacy key is its name: all of it is secret.
        if (LegacyForm().IsMatch(text)) return new(null, null, "legacy****");
        fault = text switch
        {
            "" => HowToGetOne,
            _ when text.StartsWith("pdl_ntfset_", StringComparison.Ordinal) => $"This is the secret of a webhook destination. {HowToGetOne}",
            _ when text.StartsWith("pdl_test_", StringComparison.Ordinal) => $"Keys that begin with pdl_test_ do not open Paddle's API. {HowToGetOne}",
            _ when text.StartsWith("live_", StringComparison.Ordinal) || text.StartsWith("test_", StringComparison.Ordinal) =>
                $"This is a client-side token. {HowToGetOne}",
            _ when text.StartsWith("pdl_", StringComparison.Ordinal) =>
                $"This is not a whole key: one has 69 characters, this has {text.Length}. {HowToGetOne}",
            _ => $"This is not a Paddle API key. {HowToGetOne}",
        };
        return null;
    }

    [GeneratedRegex(@"\Apdl_(?<environment>live|sdbx)_apikey_(?<id>[a-z0-9]{26})_[a-zA-Z0-9]{22}_[a-zA-Z0-9]{3}\z")]
    private static partial Regex Form();

    // As keys were until May 2025.
    [GeneratedRegex(@"\A[a-zA-Z0-9]{50}\z")]
    private static partial Regex LegacyForm();
}
