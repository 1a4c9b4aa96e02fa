using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>
/// Pages and form tokens need cookies that browsers send over https alone. Whoever asks for them over http is told so; otherwise it
/// would look as if something had broken.
/// </summary>
internal sealed partial class HttpsOnly(RequestDelegate next, IOptions<AntiforgeryOptions> forms, ILogger<HttpsOnly> logger)
{
    private int isTold;

    public Task Invoke(HttpContext http)
    {
        if (http.Request.IsHttps || forms.Value.Cookie.SecurePolicy != CookieSecurePolicy.Always || !NeedsCookies(http)) return next(http);
        if (Interlocked.Exchange(ref isTold, 1) == 0) CameOverHttp();
        http.Features.Set(new Refused(StatusCodes.Status400BadRequest, Code: "https-required", Detail: "Open this address with https."));
        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        return Task.CompletedTask;
    }

    // A program with a key needs none; who probes the health, where nobody is asked for access, neither.
    private static bool NeedsCookies(HttpContext http) =>
        (!http.Request.Path.StartsWithSegments("/api") || http.Request.Path == RequestTokens.Address)
        && http.GetEndpoint()?.Metadata.GetMetadata<EndpointAccess>() is not null;

    [LoggerMessage(LogLevel.Warning,
        "A page was asked for over http and refused. Behind a proxy that ends https, name its network in Gateway__TrustedProxies__0")]
    private partial void CameOverHttp();
}

internal static class HttpsOnlyRegistration
{
    public static void UseHttpsOnly(this WebApplication app) => app.UseMiddleware<HttpsOnly>();
}
