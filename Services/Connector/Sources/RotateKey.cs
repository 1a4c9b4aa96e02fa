using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Gives a source another key of the same account, once that key has been tried. The one before it is kept for a while and then thrown away.</summary>
internal sealed class RotateKey(
    VerifyKey verify, AskPaddle paddle, KeyVault vault, ChangeSource change, ReadSources sources, TimeProvider time,
    [FromKeyedServices("connector")] NpgsqlDataSource database)
{
    private const string OtherAccount = "credential-wrong-account";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost($"{ReadSources.Path}/{{id}}/rotate-key", (
            string id, RotateSourceKeyRequest body, RotateKey rotate, HttpContext http, CancellationToken ct) => rotate.Do(id, body, http, ct))
            .RequirePermission("sources.write").WithName("RotateSourceKey");

    private async Task<IResult> Do(string id, RotateSourceKeyRequest body, HttpContext http, CancellationToken ct)
    {
        var minutes = body.GraceMinutes ?? SourceRules.GraceMinutesMax;
        if (minutes is < 0 or > SourceRules.GraceMinutesMax)
            return Problems.Invalid(new FieldError("#/graceMinutes", $"Give 0 to {SourceRules.GraceMinutesMax} minutes."));
        if (await sources.Find(http.Workspace(), id, ct) is not { } source) return SourceTold.Of(SourceTold.NotFound);
        if (source.State == "disconnected")
            return await change.Tell(id, http, held => SourceRules.Rotate(held.Source, Asked(held.Source, 0, null, null)), null, ct);

        var found = await verify.Verify(source.Workspace, body.ApiKey, source.Environment, ct);
        if (found is not { Reason: null, Key: { } key }) return ConnectSource.Rejected(found);
        using var secret = Secret.Of(body.ApiKey.Trim());
        if (await WhyAnother(source, found, secret, ct) is { } why) return ConnectSource.Rejected(why);

        var now = time.GetUtcNow();
        DateTimeOffset? until = minutes > 0 ? now.AddMinutes(minutes) : null;
        return await change.Tell(id, http, held => SourceRules.Rotate(held.Source, Asked(held.Source, held.KeyVersion + 1, found, until)), (batch, held) =>
        {
            var name = new SecretName(source.Workspace, id, CredentialRows.ApiKey, held.KeyVersion + 1, source.Environment);
            batch.BatchCommands.Add(CredentialRows.Retire(source.Workspace, id, until));
            batch.BatchCommands.Add(CredentialRows.Insert(name, vault.Seal(name, secret), new(key.Masked, key.Id, found.ExpiresAt), now));
        }, ct);
    }

    private static SourceKeyRotated Asked(Source source, int version, Verified? found, DateTimeOffset? until) => new(
        source.Id, version, found?.Key?.Masked ?? "", found?.Key?.Id, found?.Account, found?.ExpiresAt, found?.Lacks ?? [], until);

    // Where Paddle does not say whose a key is, a sale that came in with the old key is asked for with the new one. Before the first sale
    // there is nothing that another account's could be mixed with.
    private async Task<Verified?> WhyAnother(Source source, Verified found, Secret secret, CancellationToken ct)
    {
        bool? isSame = source.Account is { } before && found.Account is { } now ? before == now : null;
        var detail = "";
        if (isSame is null && await NewestSale(source, ct) is { } sale)
        {
            var tried = await paddle.Try(new(source.Workspace, source.Environment, secret), $"/transactions/{sale}", ct);
            if (tried.Outcome is not (Tried.Answered or Tried.NotThere or Tried.Forbidden))
                return With("reachable", VerifyKey.Unavailable, tried.Detail);
            (isSame, detail) = (tried.Outcome == Tried.Answered, tried.Detail);
        }
        return isSame == false
            ? With("account", OtherAccount, $"The key opens another account than this source. Connect that account as a source of its own. {detail}".TrimEnd())
            : null;

        Verified With(string check, string reason, string sentence) =>
            found with { Reason = reason, Checks = [.. found.Checks, new(check, false, true, sentence)] };
    }

    private async Task<string?> NewestSale(Source source, CancellationToken ct)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(EventFeed.OfWorkspace(source.Workspace));
        batch.BatchCommands.Add(new("""
            select provider_id from provider_object where tenant_id = $1 and source_id = $2 and kind = 'transaction' order by provider_id desc limit 1
            """)
        {
            Parameters = { new() { Value = source.Workspace }, new() { Value = source.Id } },
        });
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        return await reader.ReadAsync(ct) ? reader.GetString(0) : null;
    }
}
