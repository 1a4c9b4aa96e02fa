using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Allocora.Contracts;
using Allocora.Contracts.Api;

namespace Allocora.Connector;

/// <summary>What was found out about a key. Nothing of it is stored.</summary>
/// <param name="Reason">Why the key cannot be used, for programs; null when it can.</param>
/// <param name="Lacks">Permissions it was found not to have.</param>
/// <param name="Currencies">Of the newest sales.</param>
/// <param name="Newest">Ids of the newest sales.</param>
internal sealed record Verified(
    PaddleKey? Key, string? Environment, string? Reason, IReadOnlyList<SourceCheck> Checks, string? Account, DateTimeOffset? ExpiresAt,
    IReadOnlyList<string> Lacks, IReadOnlyList<string> Currencies, IReadOnlyList<string> Newest)
{
    /// <summary>What the first failed check says to do.</summary>
    public string Sentence => Checks.FirstOrDefault(check => check is { Ok: not true, Required: true })?.Detail ?? "";
}

/// <summary>Tries a key on everything a source needs, and says check by check how it went.</summary>
internal sealed partial class VerifyKey(AskPaddle paddle)
{
    public const string Malformed = "credential-malformed", WrongEnvironment = "credential-wrong-environment", Invalid = "credential-invalid",
        MissingPermission = "credential-missing-permission", Unavailable = "upstream-unavailable";

    private const string NewestSales = "/transactions?status=paid,completed&order_by=id%5BDESC%5D&per_page=30";

    /// <param name="environment">The one it has to be of; null when either will do.</param>
    public async Task<Verified> Verify(string workspace, string text, string? environment, CancellationToken ct)
    {
        using var activity = ConnectorTelemetry.Activities.StartActivity("paddle.verify");
        var verified = await Look(workspace, text, environment, ct);
        activity?.SetTag("allocora.permissions.ok", verified.Checks.Count(c => c is { Ok: true } && IsPermission(c.Name)));
        activity?.SetTag("allocora.permissions.missing", verified.Lacks.Count);
        if (verified.Reason is not { } reason) return verified;
        activity?.SetTag("error.type", reason);
        activity?.SetStatus(ActivityStatusCode.Error);
        ConnectorTelemetry.CredentialFailures.Add(1, new KeyValuePair<string, object?>("error.type", reason));
        return verified;
    }

    private async Task<Verified> Look(string workspace, string text, string? environment, CancellationToken ct)
    {
        var checks = new List<SourceCheck>();
        var key = PaddleKey.Read(text.Trim(), out var fault);
        Verified Failed(string reason) => new(key, environment, reason, checks, null, null, Lacks(checks), [], []);

        checks.Add(new("format", key is not null, true, key is null ? fault : key.IsLegacy
            ? "A key from before May 2025: it opens everything and cannot be limited. A new one with only the permissions below is safer."
            : "A key as Paddle makes them."));
        if (key is null) return Failed(Malformed);
        if (environment is not null && key.Environment is { } other && other != environment)
        {
            checks.Add(new("environment", false, true, $"The key is of the {other} environment, and the source of {environment}. Create one there."));
            return Failed(WrongEnvironment);
        }

        using var secret = Secret.Of(text.Trim());
        var (access, first) = await FindEnvironment(workspace, secret, key.Environment ?? environment, ct);
        if (first.Outcome != Tried.Answered) return Unopened(key, environment, checks, first);
        environment = access.Environment;
        var root = RootAnswer.Of((await paddle.Try(access, "/", ct)).Body);
        var isThere = root.Environment is null || root.Environment == environment;
        checks.Add(new(
            "environment", isThere, true, isThere ? $"The {environment} environment." : $"Paddle says the key is of the {root.Environment} environment."));
        if (!isThere) return Failed(WrongEnvironment);
        checks.Add(new("reachable", true, true, "Paddle answers."));
        checks.Add(new("authenticated", true, true, root.Account is null ? "Paddle takes the key." : $"Paddle takes the key, of account {root.Account}."));

        var sales = paddle.Try(access, NewestSales, ct);
        var needs = await Task.WhenAll(KeyNeed.All.Select(need => Check(access, key, need, root, ct)));
        checks.AddRange(needs);
        var (currencies, newest) = Sales((await sales).Body);
        checks.Add(new(
            "currencies", null, false, currencies.Count > 0 ? $"The newest sales are in {string.Join(", ", currencies)}." : "There are no sales yet."));
        var reason = needs.Any(check => check is { Required: true, Ok: false }) ? MissingPermission
            : needs.Any(check => check is { Required: true, Ok: null }) ? Unavailable : null;
        return new(key, environment, reason, checks, root.Account, root.ExpiresAt, Lacks(checks), currencies, newest);
    }

    // A legacy key does not say where it is from; nothing but Paddle itself gets to see it on either way.
    private async Task<(PaddleAccess Access, TriedCall First)> FindEnvironment(string workspace, Secret secret, string? environment, CancellationToken ct)
    {
        var access = new PaddleAccess(workspace, environment ?? "sandbox", secret);
        var first = await paddle.Try(access, "/event-types", ct); // needs a key, and no permission
        if (environment is not null || first.Outcome == Tried.Answered) return (access, first);
        var live = access with { Environment = "live" };
        var second = await paddle.Try(live, "/event-types", ct);
        return second.Outcome == Tried.Answered || first.Outcome == Tried.KeyRefused ? (live, second) : (access, first);
    }

    private static Verified Unopened(PaddleKey key, string? environment, List<SourceCheck> checks, TriedCall first)
    {
        var known = key.Environment ?? environment;
        checks.Add(new("environment", known is null ? null : true, true, known is null ? "Unknown: the key does not say." : $"The {known} environment."));
        var isAway = first.Outcome is not (Tried.KeyRefused or Tried.Forbidden);
        checks.Add(new("reachable", !isAway, true, isAway ? first.Detail : "Paddle answers."));
        if (!isAway) checks.Add(new("authenticated", false, true, first.Detail));
        return new(key, known, isAway ? Unavailable : Invalid, checks, null, null, [], [], []);
    }

    private async Task<SourceCheck> Check(PaddleAccess access, PaddleKey key, KeyNeed need, RootAnswer root, CancellationToken ct)
    {
        var tried = need.Path is null ? null : await paddle.Try(access, need.Path, ct);
        bool? isGiven = tried?.Outcome switch
        {
            Tried.Answered => true,
            Tried.Forbidden => false,
            null when key.IsLegacy => true,
            null when root.Permissions is { } told => told.Contains(need.Permission),
            _ => null,
        };
        return new(need.Permission, isGiven, need.IsRequired, isGiven switch
        {
            true => "The key has it.",
            false => $"The key lacks {need.Permission}: {need.Without} Give the key this permission in Paddle, or create one that has it.",
            null => tried?.Detail ?? $"Paddle does not say whether the key has it. Without it, {need.Without}",
        });
    }

    private static string[] Lacks(List<SourceCheck> checks) => [.. checks.Where(c => c.Ok == false && IsPermission(c.Name)).Select(c => c.Name)];

    private static bool IsPermission(string name) => name.Contains('.', StringComparison.Ordinal);

    private static (IReadOnlyList<string> Currencies, IReadOnlyList<string> Ids) Sales(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("data", out var rows) || rows.ValueKind != JsonValueKind.Array) return ([], []);
        var sales = rows.EnumerateArray().Where(row => row.ValueKind == JsonValueKind.Object).ToList();
        return (
            [.. sales.Select(row => Text(row, "currency_code")).OfType<string>().Where(code => Currency.TryParse(code, out _)).Distinct().Order()],
            [.. sales.Select(row => Text(row, "id")).OfType<string>().Where(id => TransactionId().IsMatch(id))]);
    }

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    [GeneratedRegex(@"\Atxn_[a-z0-9]{26}\z")]
    private static partial Regex TransactionId();
}
