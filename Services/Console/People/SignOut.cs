using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>Ends the session of this browser, another one of the person's, or all of them at once.</summary>
internal sealed class SignOut(SignIns signIns)
{
    public async Task<RedirectHttpResult> Here(HttpContext http, CancellationToken ct)
    {
        if (Schemes.SessionOf(http.User) is { } session) await signIns.End(http, Caller.Of(http).Subject, session, ct);
        return TypedResults.Redirect("/sign-in?out=1");
    }

    public async Task<RedirectHttpResult> There(string session, HttpContext http, CancellationToken ct)
    {
        await signIns.End(http, Caller.Of(http).Subject, session, ct);
        return TypedResults.Redirect("/account");
    }

    public async Task<RedirectHttpResult> Everywhere(HttpContext http, CancellationToken ct)
    {
        if (Schemes.SessionOf(http.User) is { } session) await signIns.EndAll(http, Caller.Of(http).Subject, session, ct);
        return TypedResults.Redirect("/sign-in?out=1");
    }
}
