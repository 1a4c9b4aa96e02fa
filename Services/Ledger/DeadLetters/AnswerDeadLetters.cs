using Allocora.Contracts.Api;
using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Ledger;

/// <summary>Messages that could not be handled: a workspace's own, and for those who look after the installation the ones of no workspace.</summary>
internal static class AnswerDeadLetters
{
    private const int ReasonMax = 500;

    public static void MapDeadLetters(this IEndpointRouteBuilder routes)
    {
        Map(routes, "/api/v1/workspaces/{ws}/dead-letters", "dead-letters.replay", "", http => new(http.Workspace()));
        Map(routes, "/api/v1/dead-letters", "dead-letters.platform", "OfNobody", _ => DeadLettersOf.Nobody);
    }

    private static void Map(IEndpointRouteBuilder routes, string path, string permission, string suffix, Func<HttpContext, DeadLettersOf> reach)
    {
        routes.MapGet(path, (string? state, int? limit, string? cursor, HttpContext http, DeadLetterCommands letters, CancellationToken ct) =>
            List(reach(http), state, limit, cursor, letters, ct)).RequirePermission(permission).WithName($"ListDeadLetters{suffix}");
        routes.MapGet($"{path}/{{letter}}", (string letter, HttpContext http, DeadLetterCommands letters, CancellationToken ct) =>
            One(reach(http), letter, letters, ct)).RequirePermission(permission).WithName($"ReadDeadLetter{suffix}");
        routes.MapPost($"{path}/{{letter}}/replay", (string letter, HttpContext http, DeadLetterCommands letters, CancellationToken ct) =>
            Replay(reach(http), letter, http, letters, ct)).RequirePermission(permission).WithName($"ReplayDeadLetter{suffix}");
        routes.MapPost($"{path}/{{letter}}/discard",
            (string letter, DiscardDeadLetterRequest body, HttpContext http, DeadLetterCommands letters, CancellationToken ct) =>
                Discard(reach(http), letter, body, http, letters, ct)).RequirePermission(permission).WithName($"DiscardDeadLetter{suffix}");
    }

    private static async Task<IResult> List(
        DeadLettersOf of, string? state, int? limit, string? cursor, DeadLetterCommands letters, CancellationToken ct)
    {
        if (Paging.WhatIsWrong(limit, cursor) is { } wrong) return Problems.Invalid(new FieldError(wrong.Field, wrong.Message));
        if (state is not (null or "open" or "replaying" or "replayed" or "discarded"))
            return Problems.Invalid(new FieldError("state", "Give open, replaying, replayed or discarded."));
        var after = 0L;
        if (cursor is not null)
        {
            if (DeadLetterCommands.NumberOf(cursor) is not { } last) return Problems.Invalid(new FieldError("cursor", "This is no cursor of this list."));
            after = last;
        }
        // The oldest first: it waits longest. One more than shown would not fit the largest page, so a full one asks again.
        var paging = Paging.Of(limit, cursor);
        var found = await letters.Reaching(of).Page(of, after, paging.Limit, state, ct);
        var hasMore = found.Count == paging.Limit && (await letters.Reaching(of).Page(of, found[^1].Id, 1, state, ct)).Count > 0;
        return TypedResults.Ok(new Page<DeadLetterEntry>(
            [.. found.Select(Shown)], new(hasMore ? DeadLetterCommands.IdOf(found[^1].Id) : null, hasMore)));
    }

    private static async Task<IResult> One(DeadLettersOf of, string letter, DeadLetterCommands letters, CancellationToken ct) =>
        await Find(of, letter, letters, ct) is { } found
            ? TypedResults.Ok(new DeadLetterDetail(Shown(found.Letter), found.Headers, found.BodyBytes, found.BodySha256))
            : NotHere();

    // Asked for once or often, it is handled once.
    private static async Task<IResult> Replay(DeadLettersOf of, string letter, HttpContext http, DeadLetterCommands letters, CancellationToken ct)
    {
        if (DeadLetterCommands.NumberOf(letter) is { } id && await letters.Decide(of, id, null, WhoAsks.Of(http), ct) is { } turned)
            return TypedResults.Accepted((string?)null, Shown(turned));
        return (await Find(of, letter, letters, ct))?.Letter switch
        {
            null => NotHere(),
            { State: DeadLetterCommands.Discarded } => Problems.Refuse(
                StatusCodes.Status409Conflict, "dead-letter-discarded", "Somebody decided that this message will not be handled."),
            { State: "replayed" } done => TypedResults.Ok(Shown(done)),
            var under => TypedResults.Accepted((string?)null, Shown(under)),
        };
    }

    private static async Task<IResult> Discard(
        DeadLettersOf of, string letter, DiscardDeadLetterRequest body, HttpContext http, DeadLetterCommands letters, CancellationToken ct)
    {
        if (body.Reason.Length > ReasonMax || string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Any(c => char.IsControl(c) && c != '\n'))
            return Problems.Invalid(new FieldError("#/reason", $"Say why, in 1 to {ReasonMax} characters."));
        if (DeadLetterCommands.NumberOf(letter) is { } id && await letters.Decide(of, id, body.Reason, WhoAsks.Of(http), ct) is { } turned)
            return TypedResults.Ok(Shown(turned));
        return (await Find(of, letter, letters, ct))?.Letter switch
        {
            null => NotHere(),
            { State: DeadLetterCommands.Discarded } done => TypedResults.Ok(Shown(done)),
            _ => Problems.Refuse(StatusCodes.Status409Conflict, "dead-letter-not-open", "This message is being handled, or was; read it again."),
        };
    }

    private static async Task<DeadLetterMessage?> Find(DeadLettersOf of, string letter, DeadLetterCommands letters, CancellationToken ct) =>
        DeadLetterCommands.NumberOf(letter) is { } id ? await letters.Reaching(of).Find(of, id, ct) : null;

    private static ProblemHttpResult NotHere() => Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "There is no such dead letter here.");

    private static DeadLetterEntry Shown(DeadLetter l) => new(
        DeadLetterCommands.IdOf(l.Id), l.Consumer, l.MessageId, l.Type, l.Workspace, l.ReasonCode, l.Error, l.FirstSeen, l.Attempts, l.State);
}
