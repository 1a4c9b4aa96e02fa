using Allocora.Contracts;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Tries a key, and connects the account it opens. A key that is not good enough is stored nowhere.</summary>
internal sealed class ConnectSource(VerifyKey verify, KeyVault vault, SourceCommands commands, ReadSources sources, TimeProvider time)
{
    private const string Provider = "paddle";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost($"{ReadSources.Path}/verify", (VerifyKeyRequest body, ConnectSource connect, HttpContext http, CancellationToken ct) =>
            connect.Try(body, http.Workspace(), ct)).RequirePermission("sources.write").WithName("VerifyKey");
        routes.MapPost(ReadSources.Path, (ConnectSourceRequest body, ConnectSource connect, HttpContext http, CancellationToken ct) =>
            connect.Connect(body, http, ct)).RequirePermission("sources.write").WithName("ConnectSource");
    }

    private async Task<IResult> Try(VerifyKeyRequest body, string workspace, CancellationToken ct)
    {
        if (body.Provider != Provider) return Problems.Invalid(NoProvider);
        var found = await verify.Verify(workspace, body.ApiKey, environment: null, ct);
        if (found.Reason == VerifyKey.Unavailable) return Rejected(found);
        using var secret = Secret.Of(body.ApiKey.Trim());
        var same = found.Reason is null ? await sources.First(workspace, SameAccount(workspace, found, secret), ct) : null;
        return TypedResults.Ok(new KeyVerification(
            found.Reason is null, found.Reason, found.Environment, found.Key?.Masked, found.Account, found.ExpiresAt, found.Checks, found.Lacks,
            found.Currencies, same?.Id));
    }

    private async Task<IResult> Connect(ConnectSourceRequest body, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. body.Provider == Provider ? [] : new[] { NoProvider }, .. Fields(body).WhatIsWrong(time.GetUtcNow())];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        var workspace = http.Workspace();
        var found = await verify.Verify(workspace, body.ApiKey, environment: null, ct);
        if (found is not { Reason: null, Key: { } key, Environment: { } environment }) return Rejected(found);

        var now = time.GetUtcNow();
        var said = Fields(body).Over(new(body.Name, new([], null, SourceRules.IntervalMinutesUsual, [])));
        var source = new Source(
            workspace, NewId.For("src", now), said.Name, environment, found.Account,
            new(said.Terms.Currencies, said.Terms.StartDate, said.Terms.CustomDataKeys),
            said.Terms.IntervalMinutes, "active", null, found.Lacks, now, Version: 1);
        var connected = new SourceConnected(
            source.Id, source.Name, Provider, environment, found.Account, key.Masked, key.Id, found.ExpiresAt, found.Lacks, said.Terms);
        using var secret = Secret.Of(body.ApiKey.Trim());
        var name = new SecretName(workspace, source.Id, CredentialRows.ApiKey, 1, environment);
        var told = await commands.Connect(
            source, connected, AskedBy.Of(http), SameAccount(workspace, found, secret),
            [CredentialRows.Insert(name, vault.Seal(name, secret), new(key.Masked, key.Id, found.ExpiresAt), now)], ct);
        if (told.Refusal is { } refusal) return told.Source is { } same ? Exists(refusal.Code, refusal.Sentence, same) : SourceTold.Of(refusal);

        var details = await sources.One(workspace, source.Id, ct);
        http.Response.Headers.ETag = ReadSources.TagOf(details!.Version);
        return TypedResults.Created($"/api/v1/workspaces/{http.GetRouteValue("ws")}/sources/{source.Id}", details);
    }

    /// <summary>Finds the living source of the account a key opens: by what Paddle calls the account, the key itself, or sales of the account.</summary>
    private NpgsqlBatchCommand SameAccount(string workspace, Verified found, Secret secret)
    {
        var fingerprints = vault.Fingerprints(secret);
        return new($"""
            select {SourceRows.Columns} from source as s
            where s.tenant_id = $1 and s.environment = $2 and s.state <> 'disconnected' and (
              s.account = $3
              or exists (
                select from credential as c join unnest($4, $5) as f(kek_id, fingerprint) on f.kek_id = c.kek_id and f.fingerprint = c.fingerprint
                where c.tenant_id = s.tenant_id and c.source_id = s.id and c.purpose = 'api-key')
              or exists (
                select from provider_object as o
                where o.tenant_id = s.tenant_id and o.environment = s.environment and o.provider_id = any ($6) and o.source_id = s.id))
            order by s.id limit 1
            """)
        {
            Parameters =
            {
                new() { Value = workspace }, new() { Value = found.Environment }, SourceRows.Maybe(found.Account),
                new() { Value = fingerprints.Keys.ToArray() }, new() { Value = fingerprints.Values.ToArray() }, new() { Value = found.Newest.ToArray() },
            },
        };
    }

    private static SourceFields Fields(ConnectSourceRequest body) =>
        new(body.Name, body.Currencies, body.StartDate, body.IntervalMinutes, body.CustomDataKeys);

    private static FieldError NoProvider => new("#/provider", $"There is one provider: {Provider}.");

    /// <summary>Says why a key is not taken, check by check.</summary>
    public static ProblemHttpResult Rejected(Verified found) => TypedResults.Problem(new ProblemDetails
    {
        Status = found.Reason == VerifyKey.Unavailable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status422UnprocessableEntity,
        Type = found.Reason == VerifyKey.Unavailable ? VerifyKey.Unavailable : "credential-rejected",
        Detail = found.Sentence,
        Extensions = { ["reason"] = found.Reason, ["checks"] = found.Checks },
    });

    private static ProblemHttpResult Exists(string code, string sentence, Source same) => TypedResults.Problem(new ProblemDetails
    {
        Status = StatusCodes.Status409Conflict,
        Type = code,
        Detail = sentence,
        Extensions = { ["source"] = same.Id },
    });
}
