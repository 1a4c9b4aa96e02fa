using System.Security.Claims;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;

namespace Allocora.Console;

/// <summary>The two ways to be known at the door: a person's session, or an API key in the header Authorization.</summary>
internal static class Schemes
{
    public const string Session = "session", Key = "key";

    /// <summary>How a session begins at an identity provider.</summary>
    public const string Oidc = "oidc";

    /// <summary>When the person last showed that it is them: seconds since 1970.</summary>
    public const string ConfirmedClaim = "confirmed";

    /// <summary>The person's name of today; on sessions only.</summary>
    public const string NameClaim = "name";

    /// <summary>On a session that could not be looked up, because the database does not answer: it may have been ended.</summary>
    public const string UnconfirmedClaim = "unconfirmed";

    /// <summary>What the claim <see cref="Caller.ViaClaim"/> begins with for a person.</summary>
    public const string SessionVia = "session:";

    /// <summary>The id of the caller's session; null for a key.</summary>
    public static string? SessionOf(ClaimsPrincipal caller) =>
        caller.FindFirstValue(Caller.ViaClaim) is { } via && via.StartsWith(SessionVia, StringComparison.Ordinal) ? via[SessionVia.Length..] : null;

    private const string Either = "caller";

    /// <summary>A request that brings a header is judged by it alone, so that a browser's cookie cannot lend it more.</summary>
    public static AuthenticationBuilder AddCallers(this WebApplicationBuilder builder) =>
        builder.Services.AddAuthentication(Either).AddPolicyScheme(Either, displayName: null, o =>
            o.ForwardDefaultSelector = http => http.Request.Headers.Authorization.Count > 0 ? Key : Session);
}
