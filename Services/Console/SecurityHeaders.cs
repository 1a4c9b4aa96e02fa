namespace Allocora.Console;

/// <summary>What a browser may do with an answer of the Console: nothing but our own files, nowhere else.</summary>
internal sealed class SecurityHeaders : IStartupFilter
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    // In front of everything else, and as late as possible: error handling clears the headers it finds.
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((http, inner) =>
        {
            http.Response.OnStarting(() =>
            {
                Write(http.Request, http.Response.Headers);
                return Task.CompletedTask;
            });
            return inner(http);
        });
        next(app);
    };

    private static void Write(HttpRequest request, IHeaderDictionary headers)
    {
        // Over http a browser must not believe it.
        if (request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.Remove("blazor-enhanced-nav"); // speaks to a script that is not served
        // Only an asset says how long it may be kept; any other answer is about now, or about somebody.
        if (headers.CacheControl.Count == 0 || request.Path.StartsWithSegments("/api")) headers.CacheControl = "no-store";
    }
}

internal static class SecurityHeadersRegistration
{
    // Before the framework's own filters: it turns away foreign hosts, and those answers get the headers too.
    public static void AddSecurityHeaders(this WebApplicationBuilder builder) =>
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IStartupFilter, SecurityHeaders>());
}
