using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>On an endpoint that needs no database: it lets in a session that cannot be looked up for the moment.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class WithoutDatabaseAttribute : Attribute;

/// <summary>What a person meets who is not signed in, or of whom that cannot be said.</summary>
internal static class SignInGate
{
    private const string RetrySeconds = "5";

    public static void UseSignInGate(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (http.User.HasClaim(c => c.Type == Schemes.UnconfirmedClaim) && NeedsToBeSure(http.GetEndpoint()))
        {
            http.Response.Headers.RetryAfter = RetrySeconds;
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }
        await next(http);
        if (http.Response.HasStarted || !IsForAPerson(http.Request)) return;
        if (http.Response.StatusCode == StatusCodes.Status401Unauthorized) LeadToSignIn(http);
        if (http.Features.Get<Refused>() is { Code: "step-up-required" } && http.GetEndpoint()?.Metadata.GetMetadata<FormOfPage>() is { } form)
            http.SeeOther($"/sign-in/confirm?return={Uri.EscapeDataString(form.AddressIn(http))}");
    });

    private static bool NeedsToBeSure(Endpoint? endpoint) =>
        endpoint?.Metadata.GetMetadata<EndpointAccess>() is { IsForAnyone: false } && endpoint.Metadata.GetMetadata<WithoutDatabaseAttribute>() is null;

    private static bool IsForAPerson(HttpRequest request) => !request.Path.StartsWithSegments("/api") && request.Headers.Authorization.Count == 0;

    private static void LeadToSignIn(HttpContext http)
    {
        // The way to a page leads through here and is no refusal. What a form would have done is not done after signing in, so nothing leads back to it.
        http.Features.Set<Refused>(null);
        http.Response.Headers.WWWAuthenticate = default;
        var isAsking = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        var page = Uri.EscapeDataString(http.Request.Path + http.Request.QueryString);
        http.Response.Redirect(isAsking && http.Request.Path != "/" ? $"/sign-in?return={page}" : "/sign-in");
    }
}
