using System.Globalization;
using System.Net.Sockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

/// <summary>The cookie of a session, which is looked up anew for each request.</summary>
internal sealed partial class SessionCookie(Sessions sessions, TimeProvider time, ILogger<SessionCookie> logger)
{
    /// <summary>Sent by a page that asks by itself, so that an empty chair does not stay signed in.</summary>
    public const string UnattendedHeader = "X-Unattended";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What kind of cookies this host makes: over http, as only development has it, a browser takes no others.</summary>
    public static CookieBuilder Plan(WebApplicationBuilder builder, string name, CookieBuilder cookie)
    {
        var urls = builder.Configuration[WebHostDefaults.ServerUrlsKey];
        var isPlain = builder.Environment.IsDevelopment() && (urls is null || urls.Contains("http://", StringComparison.OrdinalIgnoreCase));
        (cookie.Name, cookie.Path, cookie.HttpOnly, cookie.IsEssential) = (isPlain ? name : $"__Host-{name}", "/", true, true);
        (cookie.SameSite, cookie.SecurePolicy) = (SameSiteMode.Lax, isPlain ? CookieSecurePolicy.SameAsRequest : CookieSecurePolicy.Always);
        return cookie;
    }

    public async Task Validate(CookieValidatePrincipalContext context)
    {
        var (http, identity) = (context.HttpContext, (ClaimsIdentity)context.Principal!.Identity!);
        if (Schemes.SessionOf(context.Principal) is not { } id || await Look(http, id, identity) is not { } found)
        {
            context.RejectPrincipal();
            await http.SignOutAsync(Schemes.Session);
            return;
        }
        if (found is { Session: { } session })
        {
            identity.AddClaim(new(Schemes.NameClaim, session.Name));
            identity.TryRemoveClaim(identity.FindFirst(Schemes.ConfirmedClaim));
            identity.AddClaim(new(Schemes.ConfirmedClaim, session.ConfirmedAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)));
        }
    }

    // Null: there is no such session any more. Without a session in it: nobody can say.
    private async Task<Found?> Look(HttpContext http, string id, ClaimsIdentity identity)
    {
        try
        {
            var isInUse = !http.Request.Headers.ContainsKey(UnattendedHeader);
            return await sessions.Check(id, isInUse, http.RequestAborted).WaitAsync(Patience, time, http.RequestAborted) is { } session ? new(session) : null;
        }
        catch (Exception e) when (e is NpgsqlException and not PostgresException { IsTransient: false } or TimeoutException or SocketException)
        {
            NotLookedUp(id, e.Message);
            identity.AddClaim(new(Schemes.UnconfirmedClaim, ""));
            return new(Session: null);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The session {Session} could not be looked up: {Reason}")]
    private partial void NotLookedUp(string session, string reason);

    private sealed record Found(Session? Session);
}

internal static class SessionCookieRegistration
{
    public static void AddSessionCookie(this WebApplicationBuilder builder, AuthenticationBuilder callers)
    {
        builder.Services.AddSingleton<SessionCookie>();
        callers.AddCookie(Schemes.Session, o =>
        {
            SessionCookie.Plan(builder, "allocora", o.Cookie);
            o.SlidingExpiration = false;
            o.Events.OnValidatePrincipal = context => context.HttpContext.RequestServices.GetRequiredService<SessionCookie>().Validate(context);
        });
        builder.Services.AddOptions<CookieAuthenticationOptions>(Schemes.Session)
            .Configure<IOptions<SessionOptions>>((o, session) => o.ExpireTimeSpan = session.Value.Lifetime);
    }
}
