using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>Signs in whoever brings a link of this machine, if they are the first.</summary>
internal sealed class UseSignInLink(IOptions<IdentityOptions> options, Sessions sessions, People people, SignIns signIns, TimeProvider time)
{
    private const string How = "link";

    public async Task<RedirectHttpResult> Handle([FromForm(Name = "t")] string? token, HttpContext http, CancellationToken ct)
    {
        var link = token is null ? null : LinkToken.Open(KeyRing.KeyOf(options.Value.LinkKey)!, token);
        if (WhyNot(link, time.GetUtcNow()) is { } reason) return TypedResults.Redirect(await signIns.Refuse(http, How, reason, ct));
        if (!await sessions.Spend(link!, ct)) return TypedResults.Redirect(await signIns.Refuse(http, How, "link-spent", ct));

        var person = await people.Seen(Person.Local, link!.Subject, link.Name.Length > 0 ? link.Name : link.Subject, email: null, ct);
        await signIns.Start(http, person, How, ct);
        return TypedResults.Redirect("/");
    }

    public static string? WhyNot(LinkToken? link, DateTimeOffset now)
    {
        if (link is null) return "link-unknown";
        // One that promises to be good for longer was not made by the rules, and would have to be remembered for longer.
        return link.Expires > now && link.Expires - now <= LinkToken.LifetimeMax ? null : "link-expired";
    }
}
