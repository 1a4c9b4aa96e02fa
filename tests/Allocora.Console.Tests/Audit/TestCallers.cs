using System.Security.Claims;
using System.Text.Encodings.Web;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.Console.Tests;

/// <summary>Callers a test makes up: who sends the header Person has a session, who sends a key that belongs to somebody has that.</summary>
internal sealed class TestCallers : IGrants
{
    public const string PersonHeader = "Test-Person", DeadSession = "dead";
    private readonly Dictionary<string, string> keys = [];
    private readonly Dictionary<(string Person, string Workspace), string> roles = [];
    private readonly HashSet<string> admins = [];

    public TestCallers Key(string key, string owner)
    {
        keys[key] = owner;
        return this;
    }

    public TestCallers Member(string person, string workspace, string role)
    {
        roles[(person, workspace)] = role;
        return this;
    }

    public TestCallers Admin(string person)
    {
        admins.Add(person);
        return this;
    }

    public ValueTask<Grant?> Of(HttpContext http, string? workspace)
    {
        var person = Caller.Of(http).Subject;
        if (workspace is null) return new(new Grant(null, PermissionTable.Of(admins.Contains(person) ? Roles.Platform : "")));
        return new(roles.TryGetValue((person, workspace), out var role) ? new Grant(workspace, PermissionTable.Of(role)) : null);
    }

    public void Add(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(this);
        builder.Services.AddSingleton<IGrants>(this);
        builder.Services.PostConfigure<AuthenticationOptions>(o =>
        {
            Put<ByHeader>(o, Schemes.Session);
            Put<ByKey>(o, Schemes.Key);
        });
    }

    private static void Put<T>(AuthenticationOptions options, string scheme) where T : IAuthenticationHandler
    {
        if (options.SchemeMap.TryGetValue(scheme, out var there)) there.HandlerType = typeof(T);
        else options.AddScheme<T>(scheme, displayName: null);
    }

    private static AuthenticateResult Success(string person, string via, string scheme) => AuthenticateResult.Success(new(
        new ClaimsPrincipal(new ClaimsIdentity([new(Caller.SubjectClaim, person), new(Caller.ViaClaim, via)], scheme)), scheme));

    private sealed class ByHeader(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logging, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logging, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Request.Headers[PersonHeader].ToString() switch
        {
            "" => AuthenticateResult.NoResult(),
            DeadSession => AuthenticateResult.Fail("The session has ended."),
            var person => Success(person, $"session:ses_{person}", Scheme.Name),
        });
    }

    private sealed class ByKey(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logging, UrlEncoder encoder, TestCallers callers)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logging, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var key = Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal);
            return Task.FromResult(callers.keys.TryGetValue(key, out var owner)
                ? Success(owner, $"key:key_{key}", Scheme.Name)
                : AuthenticateResult.Fail("There is no such key."));
        }
    }
}
