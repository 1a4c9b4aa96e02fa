using System.Globalization;
using Allocora.Console.Components.Pages;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace Allocora.Console;

/// <summary>The forms of the page of API keys.</summary>
internal static class SubmitApiKeys
{
    private const string Keys = "api-keys", Reads = "workspace.read";

    public static void Map(IEndpointRouteBuilder workspace)
    {
        var forms = workspace.MapGroup($"/{Keys}").WithMetadata(new FormOfPage(Keys));
        forms.MapPost("", Issue).RequirePermission(KeyRules.Write, freshSession: true);
        forms.MapPost("/{id}/collect", Collect).RequirePermission(Reads);
        forms.MapPost("/{id}/rotate", Rotate).RequirePermission(Reads);
        forms.MapPost("/{id}/revoke", Revoke).RequirePermission(Reads);
    }

    private static async Task<IResult> Issue(
        [FromForm] string? name, [FromForm] string? role, [FromForm] string? owner, [FromForm] string? expires, [FromForm] string? once,
        WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var isDay = DateOnly.TryParseExact(expires, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
        // A key that expires on a day is good until the day is over; a day that cannot be read is none to come.
        var end = isDay && day < DateOnly.MaxValue ? new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) : default;
        var asked = new IssueKeyRequest(name?.Trim() ?? "", role ?? "", end, Owner: string.IsNullOrEmpty(owner) ? null : owner);
        FieldError[] wrong = [.. ManageApiKeys.WhatIsWrong(asked, time.GetUtcNow())];
        if (wrong.Length > 0) return http.Again<ApiKeysPage>(wrong);
        var (told, key) = await ManageApiKeys.IssueKey(http.Workspace(), http.AskingOnce(once), asked, commands, time, ct);
        if (told.Refusal is null && told.IsAgain) return http.Again<ApiKeysPage>(Told.DoneBefore);
        return key.Key is { } secret && told.Refusal is null ? Shown(http, secret) : http.Back<ApiKeysPage>(told, "issued");
    }

    private static async Task<IResult> Collect(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        var (told, key) = await ManageApiKeys.CollectKey(http.Workspace(), Asking.Of(http), id, commands, ct);
        return told.Refusal is { } refusal ? http.Again<ApiKeysPage>(refusal) : Shown(http, key.Key);
    }

    private static async Task<IResult> Rotate(
        string id, [FromForm] int? overlap, [FromForm] string? once, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        var asked = new RotateKeyRequest(overlap ?? 0);
        if (ManageApiKeys.WhatIsWrong(asked) is { } wrong) return http.Again<ApiKeysPage>(wrong);
        var (told, key) = await ManageApiKeys.RotateKey(http.Workspace(), http.AskingOnce(once), id, asked, commands, ct);
        if ((told.Refusal ?? (told.IsAgain ? Told.DoneBefore : null)) is { } refusal) return http.Again<ApiKeysPage>(refusal);
        return Shown(http, key.Key);
    }

    private static async Task<IResult> Revoke(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        http.Back<ApiKeysPage>(await ManageApiKeys.RevokeKey(http.Workspace(), Asking.Of(http), id, commands, ct), "revoked");

    private static IResult Shown(HttpContext http, string secret) => http.Once(
        "The API key", "Copy it now and keep it where secrets are kept. It is shown here and never again; whoever has it can use it.", "API key", secret);
}
