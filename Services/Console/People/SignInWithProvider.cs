using System.Globalization;
using System.Net.Sockets;
using System.Security.Claims;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>Leads to the OpenID Connect provider, and takes who comes back from there.</summary>
internal sealed partial class SignInWithProvider(
    OidcDiscovery discovery, IOptions<OidcOptions> options, People people, SignIns signIns, TimeProvider time, ILogger<SignInWithProvider> logger)
{
    public const string Callback = "/sign-in/callback";
    private const string How = "oidc";

    /// <summary>In what the provider hands back unread: the session to be confirmed.</summary>
    internal const string ConfirmItem = "confirm";

    // A clock that differs from the provider's by less must not lock people out.
    private static readonly TimeSpan SkewMax = TimeSpan.FromMinutes(1);

    /// <summary>A page leads here by a link and not by a form, because a form may not lead to another site.</summary>
    public async Task<Results<RedirectHttpResult, ChallengeHttpResult>> Handle(
        [FromQuery(Name = "return")] string? path, [FromQuery] bool? confirm, HttpContext http, CancellationToken ct)
    {
        try
        {
            await discovery.Get(ct);
        }
        catch (Exception e) when (e is HttpRequestException or OidcException or TaskCanceledException { InnerException: TimeoutException } or SocketException)
        {
            NotReached(e.Message);
            return TypedResults.Redirect(await signIns.Refuse(http, How, "provider", ct));
        }
        return Challenge(path, confirm is true ? Schemes.SessionOf(http.User) : null);
    }

    public static ChallengeHttpResult Challenge(string? path, string? confirm)
    {
        var properties = new AuthenticationProperties { RedirectUri = LocalPath.Of(path) };
        if (confirm is not null) properties.Items[ConfirmItem] = confirm;
        return TypedResults.Challenge(properties, [Schemes.Oidc]);
    }

    /// <summary>The provider has told who it is.</summary>
    public async Task Finish(TicketReceivedContext context)
    {
        var (http, ct) = (context.HttpContext, context.HttpContext.RequestAborted);
        var who = context.Principal!;
        var person = await people.Seen(
            options.Value.Authority, who.FindFirstValue(OidcHandler.SubjectClaim)!, who.FindFirstValue(OidcHandler.NameClaim)!,
            who.FindFirstValue(OidcHandler.EmailClaim), ct);
        context.HandleResponse();
        if (!context.Properties!.Items.TryGetValue(ConfirmItem, out var session) || session is null)
        {
            await signIns.Start(http, person, How, ct);
            context.Response.Redirect(LocalPath.Of(context.ReturnUri));
            return;
        }
        var reason = await WhyNotConfirmed(context, person, session);
        if (reason is null && !await signIns.Confirm(http, person.Id, session, How, ct)) reason = "state";
        context.Response.Redirect(reason is null ? LocalPath.Of(context.ReturnUri) : await signIns.Refuse(http, How, reason, ct));
    }

    /// <summary>The provider, or whoever sent the browser here, has told something else.</summary>
    public async Task Fail(RemoteFailureContext context)
    {
        context.HandleResponse();
        var reason = context switch
        {
            { Failure: OidcException or HttpRequestException or TaskCanceledException } => "provider",
            _ when context.Request.Query["error"] is { Count: > 0 } error => error == "access_denied" ? "denied" : "provider",
            _ => "state",
        };
        Failed(reason, context.Failure?.Message ?? "");
        context.Response.Redirect(await signIns.Refuse(context.HttpContext, How, reason, context.HttpContext.RequestAborted));
    }

    private async Task<string?> WhyNotConfirmed(TicketReceivedContext context, Person person, string session)
    {
        var now = (await context.HttpContext.AuthenticateAsync(Schemes.Session)).Principal;
        if (now is null || Schemes.SessionOf(now) != session) return "state";
        if (now.FindFirstValue(Caller.SubjectClaim) != person.Id) return "other-person";
        // Between here and there the browser could have left out that the person has to be asked again.
        var asked = context.Properties!.IssuedUtc ?? time.GetUtcNow();
        var authenticated = long.TryParse(context.Principal!.FindFirstValue(OidcHandler.AuthenticatedClaim), CultureInfo.InvariantCulture, out var seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.MinValue;
        return authenticated >= asked - SkewMax ? null : "not-asked";
    }

    [LoggerMessage(LogLevel.Warning, "The identity provider cannot be used: {Reason}")]
    private partial void NotReached(string reason);

    [LoggerMessage(LogLevel.Warning, "A sign-in failed ({Code}): {Reason}")]
    private partial void Failed(string code, string reason);
}

internal static class SignInWithProviderRegistration
{
    public static void AddSignInWithProvider(this WebApplicationBuilder builder, AuthenticationBuilder callers)
    {
        builder.Services.AddValidated<OidcOptions>("Oidc");
        builder.Services.AddOptions<OidcOptions>().Validate<IHostEnvironment>(
            (o, environment) => OidcDiscovery.MayBeAsked(o.Authority, environment.IsDevelopment()),
            "Oidc__Authority is not valid: give an https address, or in development an http address of this machine.");
        builder.Services.AddHttpClient(OidcDiscovery.Client, http => http.MaxResponseContentBufferSize = 1024 * 1024)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
        builder.Services.AddSingleton<OidcDiscovery>();
        builder.Services.AddSingleton<SignInWithProvider>();
        callers.AddOAuth<OAuthOptions, OidcHandler>(Schemes.Oidc, o =>
        {
            (o.UsePkce, o.SaveTokens, o.CallbackPath, o.SignInScheme) = (true, false, SignInWithProvider.Callback, Schemes.Session);
            SessionCookie.Plan(builder, "allocora-oidc.", o.CorrelationCookie);
            o.Events.OnTicketReceived = context => context.HttpContext.RequestServices.GetRequiredService<SignInWithProvider>().Finish(context);
            o.Events.OnRemoteFailure = context => context.HttpContext.RequestServices.GetRequiredService<SignInWithProvider>().Fail(context);
        });
        builder.Services.AddOptions<OAuthOptions>(Schemes.Oidc).Configure<IOptions<OidcOptions>, IHttpClientFactory>((o, oidc, clients) =>
        {
            (o.ClientId, o.ClientSecret, o.Backchannel) = (oidc.Value.ClientId, oidc.Value.ClientSecret, clients.CreateClient(OidcDiscovery.Client));
            // Looked up when first needed; the framework wants something before that.
            (o.AuthorizationEndpoint, o.TokenEndpoint, o.UserInformationEndpoint) = (oidc.Value.Authority, oidc.Value.Authority, oidc.Value.Authority);
            foreach (var scope in oidc.Value.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)) o.Scope.Add(scope);
        });
    }
}
