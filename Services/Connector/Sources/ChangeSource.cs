using System.Globalization;
using System.Text;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Other terms for a source; pausing, resuming and disconnecting it.</summary>
internal sealed class ChangeSource(SourceCommands commands, ReadSources sources, OpenKey keys, VerifyKey verify, TimeProvider time)
{
    private const string Path = $"{ReadSources.Path}/{{id}}", Writes = "sources.write";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPatch(Path, (string id, ChangeSourceRequest body, ChangeSource change, HttpContext http, CancellationToken ct) =>
            change.Change(id, body, http, ct)).RequirePermission(Writes).WithName("ChangeSource");
        routes.MapPost($"{Path}/pause", (string id, ChangeSource change, HttpContext http, CancellationToken ct) =>
            change.Tell(id, http, held => SourceRules.Pause(held.Source),
                (batch, held) => batch.BatchCommands.Add(RunsOfSource.Pause(held.Source.Workspace, id)), ct)).RequirePermission(Writes).WithName("PauseSource");
        routes.MapPost($"{Path}/resume", (string id, ChangeSource change, HttpContext http, CancellationToken ct) =>
            change.Resume(id, http, ct)).RequirePermission(Writes).WithName("ResumeSource");
        routes.MapDelete(Path, (string id, ChangeSource change, HttpContext http, CancellationToken ct) =>
            change.Disconnect(id, http, ct)).RequirePermission(Writes).WithName("DisconnectSource");
    }

    private async Task<IResult> Change(string id, ChangeSourceRequest body, HttpContext http, CancellationToken ct)
    {
        var fields = new SourceFields(body.Name, body.Currencies, body.StartDate, body.IntervalMinutes, body.CustomDataKeys);
        FieldError[] wrong = [.. fields.WhatIsWrong(time.GetUtcNow())];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        return await Tell(id, http, held => SourceRules.Change(held.Source, fields.Over(SourceRules.Said(held.Source))), null, ct);
    }

    // What stopped or paused it may be over or not: Paddle says so, not the person.
    private async Task<IResult> Resume(string id, HttpContext http, CancellationToken ct)
    {
        var source = await sources.Find(http.Workspace(), id, ct);
        if (source is null) return SourceTold.Of(SourceTold.NotFound);
        if (source.State is not ("paused" or "stopped")) return await Tell(id, http, held => SourceRules.Resume(held.Source, held.Source.Lacks), null, ct);
        using var key = (await keys.Open(source, ct)).Key;
        var found = await verify.Verify(source.Workspace, Encoding.UTF8.GetString(key.Reveal()), source.Environment, ct);
        if (found.Reason is not null) return ConnectSource.Rejected(found);
        return await Tell(
            id, http, held => SourceRules.Resume(held.Source, found.Lacks),
            (batch, held) => batch.BatchCommands.Add(RunsOfSource.Resume(held.Source.Workspace, id)), ct);
    }

    private async Task<IResult> Disconnect(string id, HttpContext http, CancellationToken ct)
    {
        var told = await commands.Tell(
            http.Workspace(), id, AskedBy.Of(http).Origin, AskedBy.Of(http).Command, Version(http), held => SourceRules.Disconnect(held.Source),
            (batch, held) =>
            {
                batch.BatchCommands.Add(CredentialRows.Delete(held.Source.Workspace, id, CredentialRows.ApiKey));
                batch.BatchCommands.Add(CredentialRows.Delete(held.Source.Workspace, id, CredentialRows.Webhook));
                batch.BatchCommands.Add(RunsOfSource.Cancel(held.Source.Workspace, id));
            }, ct);
        return told.Refusal is { } refusal ? SourceTold.Of(refusal) : TypedResults.NoContent();
    }

    /// <summary>Does what a rule decides, and answers with the source as it is then.</summary>
    public async Task<IResult> Tell(
        string id, HttpContext http, Func<HeldSource, Decision<SourceHappened>> decide, Action<NpgsqlBatch, HeldSource>? also, CancellationToken ct)
    {
        var asking = AskedBy.Of(http);
        var told = await commands.Tell(http.Workspace(), id, asking.Origin, asking.Command, Version(http), decide, also, ct);
        if (told.Refusal is { } refusal) return SourceTold.Of(refusal);
        var details = (await sources.One(http.Workspace(), id, ct))!;
        http.Response.Headers.ETag = ReadSources.TagOf(details.Version);
        return TypedResults.Ok(details);
    }

    // What is no version of ours is a version that has passed.
    private static long? Version(HttpContext http)
    {
        var given = http.Request.Headers.IfMatch.ToString();
        if (given is "" or "*") return null;
        return long.TryParse(given.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0;
    }
}
