using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>The person shows once more that it is them, as whoever approves must. A machine of one's own has no password to ask for.</summary>
internal sealed class ConfirmSession(IOptions<IdentityOptions> options, SignIns signIns)
{
    public async Task<Results<RedirectHttpResult, ChallengeHttpResult>> Handle(
        [FromQuery(Name = "return")] string? path, HttpContext http, CancellationToken ct)
    {
        if (Schemes.SessionOf(http.User) is not { } session) return TypedResults.Redirect("/sign-in");
        if (!options.Value.IsLocal) return SignInWithProvider.Challenge(path, session);
        await signIns.Confirm(http, Caller.Of(http).Subject, session, "local", ct);
        return TypedResults.Redirect(LocalPath.Of(path));
    }
}
