using System.Buffers.Text;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.OAuth;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>The framework's OAuth code flow, with what OpenID Connect adds: discovery, userinfo, and asking a person again.</summary>
internal sealed class OidcHandler(
    IOptionsMonitor<OAuthOptions> options, ILoggerFactory logger, UrlEncoder encoder, OidcDiscovery discovery, IOptions<OidcOptions> provider)
    : OAuthHandler<OAuthOptions>(options, logger, encoder)
{
    public const string SubjectClaim = "sub", NameClaim = "name", EmailClaim = "email", AuthenticatedClaim = "auth_time";
    private const int TextLengthMax = 255;

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        await Point();
        properties.IssuedUtc ??= TimeProvider.GetUtcNow();
        await base.HandleChallengeAsync(properties);
    }

    protected override string BuildChallengeUrl(AuthenticationProperties properties, string redirectUri)
    {
        var url = base.BuildChallengeUrl(properties, redirectUri);
        return properties.Items.ContainsKey(SignInWithProvider.ConfirmItem)
            ? QueryHelpers.AddQueryString(url, new Dictionary<string, string?> { ["prompt"] = "login", ["max_age"] = "0" })
            : url;
    }

    protected override async Task<HandleRequestResult> HandleRemoteAuthenticateAsync()
    {
        // RFC 9207: an answer that names its issuer must name ours.
        if (Request.Query["iss"] is { Count: > 0 } issuer && issuer != provider.Value.Authority)
            return HandleRequestResult.Fail(new OidcException("The answer is from another provider."));
        await Point();
        return await base.HandleRemoteAuthenticateAsync();
    }

    protected override async Task<OAuthTokenResponse> ExchangeCodeAsync(OAuthCodeExchangeContext context)
    {
        var tokens = await base.ExchangeCodeAsync(context);
        return tokens.Error is null ? tokens : OAuthTokenResponse.Failed(new OidcException(tokens.Error.Message));
    }

    protected override async Task<AuthenticationTicket> CreateTicketAsync(
        ClaimsIdentity identity, AuthenticationProperties properties, OAuthTokenResponse tokens)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Options.UserInformationEndpoint);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens.AccessToken);
        request.Headers.Accept.Add(new("application/json"));
        using var response = await Backchannel.SendAsync(request, Context.RequestAborted);
        if (!response.IsSuccessStatusCode) throw new OidcException($"The provider's userinfo answers {(int)response.StatusCode}.");
        try
        {
            using var info = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Context.RequestAborted));
            using var token = IdToken(tokens);
            Claims(identity, info.RootElement, token?.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new OidcException("What the provider says of the person cannot be read.");
        }
        return new(new(identity), properties, Scheme.Name);
    }

    /// <summary>What is believed of what the provider says: an address only if it has verified it.</summary>
    internal static void Claims(ClaimsIdentity identity, JsonElement info, JsonElement? token)
    {
        var subject = Text(info, "sub");
        if (subject is not { Length: > 0 and <= TextLengthMax }) throw new OidcException("The provider does not say who it is.");
        if (token is { } said && Text(said, "sub") != subject) throw new OidcException("The provider speaks of two people.");
        var isVerified = info.TryGetProperty("email_verified", out var verified)
            && (verified.ValueKind == JsonValueKind.True || (verified.ValueKind == JsonValueKind.String && verified.GetString() == "true"));
        var email = isVerified ? Text(info, "email") : null;
        var name = Text(info, "name") ?? Text(info, "preferred_username") ?? email ?? subject;

        identity.AddClaim(new(SubjectClaim, subject));
        identity.AddClaim(new(NameClaim, name.Length > TextLengthMax ? name[..TextLengthMax] : name));
        if (email is { Length: <= TextLengthMax }) identity.AddClaim(new(EmailClaim, email));
        if (token is { } it && it.TryGetProperty("auth_time", out var at) && at.TryGetInt64(out var seconds))
            identity.AddClaim(new(AuthenticatedClaim, seconds.ToString(CultureInfo.InvariantCulture)));
    }

    // It comes from the provider itself, over a connection we opened, so its signature would prove nothing more (OpenID Connect Core, 3.1.3.7).
    private static JsonDocument? IdToken(OAuthTokenResponse tokens) =>
        tokens.Response?.RootElement is { } root && root.TryGetProperty("id_token", out var token) && token.GetString()?.Split('.') is [_, var payload, _]
            ? JsonDocument.Parse(Base64Url.DecodeFromChars(payload))
            : null;

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    private async Task Point()
    {
        var found = await discovery.Get(Context.RequestAborted);
        (Options.AuthorizationEndpoint, Options.TokenEndpoint, Options.UserInformationEndpoint) = (found.Authorization, found.Token, found.UserInfo);
    }
}
