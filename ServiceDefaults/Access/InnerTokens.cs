using System.ComponentModel.DataAnnotations;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

public sealed class InnerTokenOptions
{
    /// <summary>Opens the keys the gateway signs this service's tokens with: 32 random bytes in Base64, which only the two of them know.</summary>
    [Required] public string Key { get; init; } = "";
}

/// <summary>
/// The token a service gets from the gateway with each request: who calls, in which workspace, with which permissions. It is made
/// for one service, with keys no other service can read, and is good for a few minutes.
/// </summary>
public static class InnerTokens
{
    public const string Scheme = "inner", WorkspaceClaim = "ws", PermissionClaim = "perm";
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    public static string RingOf(string service) => $"inner/{service}";

    /// <summary>Lets in who brings a token of the gateway for this service, and nobody else.</summary>
    /// <param name="keys">Where the gateway keeps the keys of a ring, by the ring's name.</param>
    public static void AddInnerTokens(this WebApplicationBuilder builder, string service, Func<IServiceProvider, string, IXmlRepository> keys)
    {
        builder.Services.AddValidated<InnerTokenOptions>("Inner");
        builder.Services.AddSingleton(provider => new KeyRing(
            RingOf(service), keys(provider, RingOf(service)),
            SealedKeys.KeyOf("Inner__Key", provider.GetRequiredService<IOptions<InnerTokenOptions>>().Value.Key),
            makesKeys: false, provider.GetRequiredService<ILoggerFactory>()));
        builder.Services.AddAuthentication(Scheme).AddBearerToken(Scheme);
        builder.Services.AddOptions<BearerTokenOptions>(Scheme).Configure<KeyRing>((o, ring) => o.BearerTokenProtector = ring.Tickets);
        builder.Services.AddSingleton<IGrants, GrantsOfToken>();
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "keys of the gateway", provider => new KeysAreThere(provider.GetRequiredService<KeyRing>()), HealthStatus.Unhealthy, tags: null));
    }

    /// <summary>The keys of one service's tokens, as the gateway has them: it makes them.</summary>
    /// <param name="setting">Where <paramref name="key"/> comes from, named should it be of no use.</param>
    public static KeyRing RingFor(string service, IXmlRepository keys, string setting, string key, ILoggerFactory logging) =>
        new(RingOf(service), keys, SealedKeys.KeyOf(setting, key), makesKeys: true, logging);

    /// <summary>Makes the token for one request.</summary>
    public static string Mint(KeyRing ring, Caller caller, string? workspace, IEnumerable<string> permissions, DateTimeOffset now)
    {
        var claims = new List<Claim> { new(Caller.SubjectClaim, caller.Subject), new(Caller.ViaClaim, caller.Via) };
        if (caller.Ip is not null) claims.Add(new(Caller.IpClaim, caller.Ip));
        if (workspace is not null) claims.Add(new(WorkspaceClaim, workspace));
        claims.AddRange(permissions.Select(p => new Claim(PermissionClaim, p)));
        var ticket = new AuthenticationTicket(
            new(new ClaimsIdentity(claims, Scheme)), new AuthenticationProperties { ExpiresUtc = now + Lifetime }, Scheme);
        return ring.Tickets.Protect(ticket);
    }

    private sealed class GrantsOfToken : IGrants
    {
        public ValueTask<Grant?> Of(HttpContext http, string? workspace)
        {
            var isHere = http.User.FindFirstValue(WorkspaceClaim) == workspace;
            return new(isHere ? new Grant(workspace, http.User.FindAll(PermissionClaim).Select(c => c.Value).ToHashSet()) : null);
        }
    }

    /// <summary>Not before the gateway has made the first keys can anybody be let in; after that they are in memory.</summary>
    private sealed class KeysAreThere(KeyRing ring) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(ring.WhyEmpty() is { } why ? HealthCheckResult.Unhealthy(why) : HealthCheckResult.Healthy());
    }
}
