using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;

namespace Allocora.Console;

/// <summary>
/// A browser sends its cookie with every request, whoever made it send one. So whatever changes something for a session brings
/// a token too, which only our own pages and scripts can know. An API key is never sent by itself and needs none.
/// </summary>
internal static class RequestTokens
{
    public const string Header = "X-CSRF-Token", Field = "__RequestVerificationToken", Address = "/api/v1/csrf";

    public static void AddRequestTokens(this WebApplicationBuilder builder) => builder.Services.AddAntiforgery(o =>
    {
        SessionCookie.Plan(builder, "allocora-form", o.Cookie).SameSite = SameSiteMode.Strict;
        (o.HeaderName, o.FormFieldName, o.SuppressXFrameOptionsHeader) = (Header, Field, true); // frames are refused by the policy of SecurityHeaders
    });

    public static void UseRequestTokens(this WebApplication app)
    {
        app.Use(async (http, next) =>
        {
            if (await WhyRefused(http) is { } why)
            {
                http.Features.Set(new Refused(StatusCodes.Status400BadRequest, Code: "antiforgery", Detail: why));
                http.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }
            await next(http);
        });
        // The framework insists on its own for endpoints that take forms; it finds what was found here.
        app.UseAntiforgery();
    }

    public static void MapReadRequestToken(this IEndpointRouteBuilder routes) =>
        routes.MapGet(Address, Read).AllowSignedIn().WithName(nameof(RequestToken));

    private static Ok<RequestToken> Read(HttpContext http, IAntiforgery forms) =>
        TypedResults.Ok(new RequestToken(Header, forms.GetAndStoreTokens(http).RequestToken!));

    private static async Task<string?> WhyRefused(HttpContext http)
    {
        var request = http.Request;
        if (request.Method is "GET" or "HEAD" or "OPTIONS" or "TRACE") return null;
        // A key is its owner's in the API, and nothing a page's form should act for.
        if (request.Headers.Authorization.Count > 0)
            return request.Path.StartsWithSegments("/api") ? null : "A form is for people with a session; a key goes to the API.";
        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && !IsOurs(site)) return "This was sent from a page of another site.";
        if (!NeedsToken(http)) return null;

        // A body of the API is not ours to read here, and is not a form.
        var isSent = request.Headers.ContainsKey(Header) || (request.HasFormContentType && !request.Path.StartsWithSegments("/api"));
        if (!isSent) return $"Send the token of GET {Address} in the header {Header}.";
        try
        {
            await http.RequestServices.GetRequiredService<IAntiforgery>().ValidateRequestAsync(http);
            return null;
        }
        catch (AntiforgeryValidationException)
        {
            return "The page this came from is out of date, or was opened before signing in. Load it again.";
        }
    }

    private static bool IsOurs(StringValues site) => site is [("same-origin" or "none")];

    private static bool NeedsToken(HttpContext http) =>
        Schemes.SessionOf(http.User) is not null || http.GetEndpoint()?.Metadata.GetMetadata<IAntiforgeryMetadata>() is { RequiresValidation: true };
}
