using Microsoft.AspNetCore.Authentication;

namespace Allocora.Console;

/// <summary>The two ways to be known at the door: a person's session, or an API key in the header Authorization.</summary>
internal static class Schemes
{
    public const string Session = "session", Key = "key";

    /// <summary>When the person last showed that it is them: seconds since 1970.</summary>
    public const string ConfirmedClaim = "confirmed";

    private const string Either = "caller";

    /// <summary>A request that brings a header is judged by it alone, so that a browser's cookie cannot lend it more.</summary>
    public static AuthenticationBuilder AddCallers(this WebApplicationBuilder builder) =>
        builder.Services.AddAuthentication(Either).AddPolicyScheme(Either, displayName: null, o =>
            o.ForwardDefaultSelector = http => http.Request.Headers.Authorization.Count > 0 ? Key : Session);
}
