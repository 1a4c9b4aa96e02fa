using System.Security.Claims;
using System.Text.Encodings.Web;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>Knows a caller by an API key. What is wrong with one that is refused is nobody's business: all look the same.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logging, UrlEncoder encoder, KeysInForce keys, LastUses use)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logging, encoder)
{
    private const string Bearer = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            || ApiKeyText.Read(header[Bearer.Length..]) is not var (id, secret)
            || await keys.Find(id, secret, Context.RequestAborted) is not { } key) return AuthenticateResult.NoResult();
        use.Note(key.Workspace, key.Id);
        Context.Features.Set(key);
        var claims = new ClaimsIdentity([new(Caller.SubjectClaim, key.Owner), new(Caller.ViaClaim, $"key:{key.Id}")], Scheme.Name);
        return AuthenticateResult.Success(new(new ClaimsPrincipal(claims), Scheme.Name));
    }
}
