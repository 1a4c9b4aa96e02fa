using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

/// <summary>How people sign in: what it needs, and its routes.</summary>
internal static class SignInRoutes
{
    /// <summary>The ring of the Console's own keys, which all its instances share.</summary>
    private const string Ring = "console";

    public static void AddSignIn(this WebApplicationBuilder builder, AuthenticationBuilder callers)
    {
        builder.Services.AddValidated<SessionOptions>("Session");
        builder.Services.AddValidated<IdentityOptions>("Identity");
        builder.Services.AddOptions<IdentityOptions>().Validate<IHostEnvironment>(
            (o, environment) => !o.IsLocal || environment.IsDevelopment(), "Identity__Mode is not valid: local is for development; give oidc.");
        KeyRing.UseSealedKeys(
            builder.Services, Ring, provider => new KeyTable(provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker"), Ring),
            provider => KeyRing.KeyOf(provider.GetRequiredService<IOptions<SessionOptions>>().Value.Key)!);
        builder.Services.AddSingleton(provider => new Sessions(
            provider.GetRequiredKeyedService<NpgsqlDataSource>("console_worker"), provider.GetRequiredService<IOptions<SessionOptions>>(),
            provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<SignIns>();
        builder.Services.AddSingleton<UseSignInLink>();
        builder.Services.AddSingleton<AcceptInvite>();
        builder.Services.AddSingleton<ConfirmSession>();
        builder.Services.AddSingleton<SignOut>();
        builder.AddRequestTokens();
        builder.AddSessionCookie(callers);
        if (IsOidc(builder.Configuration)) builder.AddSignInWithProvider(callers);
    }

    /// <summary>A form is taken only with a token of ours; an endpoint for anyone has to say so.</summary>
    public static void MapSignIn(this WebApplication app)
    {
        var token = new RequireAntiforgeryTokenAttribute();
        app.MapReadRequestToken();
        if (IsOidc(app.Configuration)) app.MapGet("/sign-in/provider", app.Services.GetRequiredService<SignInWithProvider>().Handle).AllowAnyone();
        else app.MapPost("/sign-in/link", app.Services.GetRequiredService<UseSignInLink>().Handle).WithMetadata(token).AllowAnyone();
        app.MapPost("/invites/{token}", app.Services.GetRequiredService<AcceptInvite>().Handle).WithMetadata(token).AllowAnyone();
        app.MapPost("/sign-in/confirm", app.Services.GetRequiredService<ConfirmSession>().Handle).AllowSignedIn();
        var signOut = app.Services.GetRequiredService<SignOut>();
        app.MapPost("/sign-out", signOut.Here).AllowSignedIn();
        app.MapPost("/sign-out/everywhere", signOut.Everywhere).AllowSignedIn();
        app.MapPost("/account/sessions/{session}/end", signOut.There).AllowSignedIn();
    }

    private static bool IsOidc(IConfiguration configuration) => configuration["Identity:Mode"] == IdentityOptions.Oidc;
}
