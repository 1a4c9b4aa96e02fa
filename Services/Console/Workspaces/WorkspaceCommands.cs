using System.Diagnostics;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>Who asks, with what, and under which name if the caller gave the command one.</summary>
/// <param name="Held">What the session or key may do: a session narrows nothing.</param>
internal sealed record Asking(string Person, IReadOnlySet<string> Held, Origin Origin, string? Command)
{
    private const int NameMax = 255;

    public static Asking Of(HttpContext http)
    {
        var caller = Caller.Of(http);
        var name = http.Request.Headers["Idempotency-Key"] is [{ Length: > 0 and <= NameMax } given] ? given : null;
        return new(
            caller.Subject, http.Features.Get<KeyInForce>()?.Permissions ?? PermissionTable.All,
            new(Actor: caller.Subject, Via: caller.Via, RequestId: Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier, Ip: caller.Ip),
            name is null ? null : $"{http.Request.Method} {http.Request.Path} {caller.Subject} {name}");
    }
}

/// <summary>How a command ended.</summary>
/// <param name="IsShown">Who reads now sees it.</param>
internal sealed record Told(Refusal? Refusal, bool IsAgain, IReadOnlyList<WorkspaceHappened> Events, bool IsShown)
{
    public static readonly Refusal DoneBefore = new("already-done", "This was done before. What was shown then is not kept anywhere.");

    public string? Waiting => Events.OfType<AccessRequested>().FirstOrDefault()?.Approval;

    /// <summary>What a command that changes something answers.</summary>
    public IResult As<T>(T answer, int status = StatusCodes.Status200OK) =>
        Refusal is { } refusal ? Of(refusal) : TypedResults.Json(answer, statusCode: IsShown ? status : StatusCodes.Status202Accepted);

    /// <summary>The same for a command whose answer holds what nobody can make again.</summary>
    public IResult Once<T>(T answer) => IsAgain
        ? Of(DoneBefore)
        : As(answer, StatusCodes.Status201Created);

    public IResult Empty() => Refusal is { } refusal
        ? Of(refusal)
        : TypedResults.StatusCode(IsShown ? StatusCodes.Status204NoContent : StatusCodes.Status202Accepted);

    public static ProblemHttpResult Of(Refusal refusal) => Problems.Refuse(StatusOf(refusal), refusal.Code, refusal.Sentence);

    public static int StatusOf(Refusal refusal) => refusal.Code switch
    {
        "insufficient-scope" or "self-approval-forbidden" or "self-grant-forbidden" or "not-requester" => StatusCodes.Status403Forbidden,
        "not-found" => StatusCodes.Status404NotFound,
        _ => StatusCodes.Status409Conflict,
    };
}

/// <summary>Everything that changes who may do what in a workspace goes through here.</summary>
internal sealed class WorkspaceCommands(Streams streams, ProjectionReader shown, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Task<Told> Tell(string workspace, Asking asking, Func<WorkspaceAccess, Decision<WorkspaceHappened>> decide, CancellationToken ct) =>
        Tell(workspace, asking, (state, _) => decide(state), ct);

    /// <param name="decide">Is told the moment of each attempt.</param>
    public async Task<Told> Tell(
        string workspace, Asking asking, Func<WorkspaceAccess, DateTimeOffset, Decision<WorkspaceHappened>> decide, CancellationToken ct)
    {
        Decision<WorkspaceHappened> decision = default;
        try
        {
            var standing = await streams.Transact(
                workspace, WorkspaceAccess.Stream, WorkspaceAccess.Decider, state => decision = decide(state, time.GetUtcNow()), asking.Origin,
                asking.Command, ct);
            if (standing.Refusal is { } refusal) return new(refusal, IsAgain: false, [], IsShown: true);
            return new(null, standing.Outcome == Outcome.Duplicate, decision.Events, await Shows(standing.LastSequence, ct));
        }
        catch (StreamContendedException)
        {
            return new(new("contended", "Others changed the access to this workspace at the same time. Try again."), IsAgain: false, [], IsShown: true);
        }
    }

    public Task<bool> Shows(long sequence, CancellationToken ct) => shown.WaitUntil(sequence, Patience, ct);
}
