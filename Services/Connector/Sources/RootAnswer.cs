using System.Text.Json;
using System.Text.RegularExpressions;

namespace Allocora.Connector;

/// <summary>What Paddle says at its root about who calls. Not all of it is documented: what is not understood is not known.</summary>
/// <param name="Permissions">With reading where writing is allowed; null where they are not told.</param>
internal sealed partial record RootAnswer(string? Environment, string? Account, IReadOnlySet<string>? Permissions, DateTimeOffset? ExpiresAt)
{
    public static RootAnswer Of(JsonElement body)
    {
        var data = Member(body, "data");
        var caller = Member(data, "caller");
        var environment = Text(Member(Member(data, "api"), "environment")) switch
        {
            "production" => "live",
            "sandbox" => "sandbox",
            _ => null,
        };
        var account = Member(Member(caller, "account"), "id");
        var id = account.ValueKind == JsonValueKind.Number ? account.GetRawText() : Text(account);
        var permissions = Member(caller, "permissions") is { ValueKind: JsonValueKind.Array } told
            ? told.EnumerateArray().Select(Text).OfType<string>().ToHashSet()
            : null;
        var reading = permissions?.Where(p => p.EndsWith(".write", StringComparison.Ordinal)).Select(p => $"{p[..^".write".Length]}.read").ToList();
        permissions?.UnionWith(reading!);
        return new(
            environment, id is not null && AccountId().IsMatch(id) ? id : null, permissions is { Count: > 0 } ? permissions : null,
            DateTimeOffset.TryParse(Text(Member(caller, "expires_at")), out var expires) ? expires.ToUniversalTime() : null);
    }

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"\A[a-zA-Z0-9_-]{1,64}\z")]
    private static partial Regex AccountId();
}
