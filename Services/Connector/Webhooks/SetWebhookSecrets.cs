using System.Text.RegularExpressions;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Connector;

/// <summary>The secrets with which Paddle signs what it sends for a source. Several count while Paddle changes from one to the next.</summary>
internal sealed partial class SetWebhookSecrets(KeyVault vault, ChangeSource change, TimeProvider time)
{
    private const int LengthMin = 16, LengthMax = 255;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut($"{ReadSources.Path}/{{id}}/webhook-secrets", (
            string id, SetWebhookSecretsRequest body, SetWebhookSecrets set, HttpContext http, CancellationToken ct) => set.Do(id, body, http, ct))
            .RequirePermission("sources.write").WithName("SetWebhookSecrets");

    private async Task<IResult> Do(string id, SetWebhookSecretsRequest body, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. WhatIsWrong(body)];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        return await change.Tell(id, http, held => SourceRules.SetSecrets(held.Source, body.Secrets.Count), (batch, held) =>
        {
            batch.BatchCommands.Add(CredentialRows.Delete(held.Source.Workspace, id, CredentialRows.Webhook));
            foreach (var (index, text) in body.Secrets.Index())
            {
                using var secret = Secret.Of(text);
                var name = new SecretName(held.Source.Workspace, id, CredentialRows.Webhook, held.SecretVersion + 1 + index, held.Source.Environment);
                batch.BatchCommands.Add(CredentialRows.Insert(name, vault.Seal(name, secret), new(Masked(text), null, null), time.GetUtcNow()));
            }
        }, ct);
    }

    private static IEnumerable<FieldError> WhatIsWrong(SetWebhookSecretsRequest body)
    {
        if (body.Secrets.Count is 0 or > SourceRules.SecretsMax || body.Secrets.Distinct().Count() < body.Secrets.Count)
            yield return new("#/secrets", $"Give 1 to {SourceRules.SecretsMax} secrets, each once.");
        foreach (var (index, secret) in body.Secrets.Take(SourceRules.SecretsMax).Index())
        {
            if (secret.Length is < LengthMin or > LengthMax || secret.Any(letter => letter is <= ' ' or > '~')
                || secret.Contains("_apikey_", StringComparison.Ordinal))
                yield return new($"#/secrets/{index}", "This is not a webhook destination's secret. Copy it from Paddle, Developer tools, Notifications.");
        }
    }

    private static string Masked(string secret) => Form().Match(secret) is { Success: true } start ? $"{start.Value}****" : "****";

    [GeneratedRegex(@"\Apdl_ntfset_[a-z0-9]{10}(?=[a-z0-9]{16}_)")]
    private static partial Regex Form();
}
