using System.Security.Cryptography;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>Joins the workspace somebody was invited into. On a machine of one's own, an invitation also makes a person of whoever brings it.</summary>
internal sealed class AcceptInvite(IOptions<IdentityOptions> options, Invites invites, People people, SignIns signIns)
{
    private const string How = "invite";
    private const int NameLengthMax = 100;

    public async Task<RedirectHttpResult> Handle(string token, [FromForm] string? name, HttpContext http, CancellationToken ct)
    {
        var page = $"/invites/{Uri.EscapeDataString(token)}";
        if (http.User.Identity is { IsAuthenticated: true })
        {
            var caller = Caller.Of(http);
            var taken = await invites.Accept(token, caller.Subject, SignIns.OriginOf(http, caller.Subject, caller.Via), ct);
            return TypedResults.Redirect(taken.Refusal is null ? "/" : $"{page}?refused={taken.Refusal.Code}");
        }
        if (!options.Value.IsLocal) return TypedResults.Redirect($"/sign-in?return={Uri.EscapeDataString(page)}");
        if (name?.Trim() is not { Length: > 0 and <= NameLengthMax } called) return TypedResults.Redirect($"{page}?refused=name");

        var person = await people.Seen(Person.Local, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), called, email: null, ct);
        if ((await invites.Accept(token, person.Id, SignIns.OriginOf(http, person.Id, How), ct)).Refusal is { } no)
        {
            await signIns.Refuse(http, How, no.Code, ct);
            return TypedResults.Redirect($"{page}?refused={no.Code}");
        }
        await signIns.Start(http, person, How, ct);
        return TypedResults.Redirect("/");
    }
}
