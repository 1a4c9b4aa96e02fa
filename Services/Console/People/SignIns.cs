using System.Diagnostics;
using System.Globalization;
using System.Security.Claims;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;

namespace Allocora.Console;

/// <summary>Begins, confirms and ends sessions: the row first, then the log, and the cookie last.</summary>
internal sealed class SignIns(Sessions sessions, Memberships memberships, Journal journal)
{
    /// <summary>Where attempts are kept that led to nobody.</summary>
    private const string Attempts = "sign-ins";

    public async Task Start(HttpContext http, Person person, string how, CancellationToken ct)
    {
        // Who signs in where somebody is signed in takes their place.
        var before = (await http.AuthenticateAsync(Schemes.Session)).Principal;
        if (before is not null && Schemes.SessionOf(before) is { } former) await End(http, before.FindFirstValue(Caller.SubjectClaim)!, former, ct);

        var session = await sessions.Start(person, http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent, ct);
        await Record(http, person.Id, session.Id, new SignedIn(person.Id, session.Id, how), inWorkspaces: true, ct);
        await Give(http, person.Id, session.Id, session.ConfirmedAt);
    }

    /// <summary>Keeps the attempt, and leads to the page that says what to do about it.</summary>
    public async Task<string> Refuse(HttpContext http, string how, string reason, CancellationToken ct)
    {
        await journal.Record(Journal.Platform, Attempts, new SignInRefused(how, reason), OriginOf(http, null, null), ct);
        return $"/sign-in/refused?reason={reason}";
    }

    /// <summary>Whether the session goes on, now confirmed.</summary>
    public async Task<bool> Confirm(HttpContext http, string person, string session, string how, CancellationToken ct)
    {
        if (await sessions.Confirm(person, session, ct) is not { } at) return false;
        await Record(http, person, session, new SessionConfirmed(person, session, how), inWorkspaces: false, ct);
        await Give(http, person, session, at);
        return true;
    }

    /// <summary>Ends one of the person's sessions; the cookie of this browser goes with it, if it is the one.</summary>
    public async Task End(HttpContext http, string person, string session, CancellationToken ct)
    {
        if (await sessions.End(person, session, ct))
            await Record(http, person, session, new SignedOut(person, session, Everywhere: false), inWorkspaces: true, ct);
        if (Schemes.SessionOf(http.User) == session) await http.SignOutAsync(Schemes.Session);
    }

    public async Task EndAll(HttpContext http, string person, string session, CancellationToken ct)
    {
        await sessions.EndAll(person, ct);
        await Record(http, person, session, new SignedOut(person, session, Everywhere: true), inWorkspaces: true, ct);
        await http.SignOutAsync(Schemes.Session);
    }

    private static Task Give(HttpContext http, string person, string session, DateTimeOffset confirmedAt)
    {
        var confirmed = confirmedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        Claim[] claims =
        [
            new(Caller.SubjectClaim, person), new(Caller.ViaClaim, $"{Schemes.SessionVia}{session}"), new(Schemes.ConfirmedClaim, confirmed),
        ];
        return http.SignInAsync(Schemes.Session, new(new ClaimsIdentity(claims, Schemes.Session)));
    }

    private async Task Record(HttpContext http, string person, string session, object happened, bool inWorkspaces, CancellationToken ct)
    {
        var (stream, origin) = ($"person-{person}", OriginOf(http, person, $"{Schemes.SessionVia}{session}"));
        await journal.Record(Journal.Platform, stream, happened, origin, ct);
        if (!inWorkspaces) return;
        foreach (var membership in await memberships.Of(person, ct)) await journal.Record(membership.Workspace, stream, happened, origin, ct);
    }

    internal static Origin OriginOf(HttpContext http, string? actor, string? via) => new(
        Actor: actor, Via: via, RequestId: Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier, Ip: http.Connection.RemoteIpAddress?.ToString());
}
