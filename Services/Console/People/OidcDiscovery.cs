using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Allocora.Console;

/// <summary>The provider said something that cannot be used.</summary>
internal sealed class OidcException(string message) : Exception(message);

internal sealed record OidcEndpoints(string Authorization, string Token, string UserInfo);

/// <summary>Where the provider's endpoints are, as it tells itself; asked when somebody first signs in, and every hour.</summary>
internal sealed class OidcDiscovery(IHttpClientFactory clients, IOptions<OidcOptions> options, IHostEnvironment environment, TimeProvider time)
{
    public const string Client = "oidc";
    private static readonly TimeSpan GoodFor = TimeSpan.FromHours(1);
    private volatile Known? known;

    public static bool MayBeAsked(string? address, bool isDevelopment) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (isDevelopment && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    public async Task<OidcEndpoints> Get(CancellationToken ct)
    {
        if (known is { } still && still.Until > time.GetUtcNow()) return still.Endpoints;
        var address = $"{options.Value.Authority.TrimEnd('/')}/.well-known/openid-configuration";
        using var response = await clients.CreateClient(Client).GetAsync(new Uri(address), ct);
        if (!response.IsSuccessStatusCode) throw new OidcException($"The provider's discovery answers {(int)response.StatusCode}.");
        var endpoints = Read(await response.Content.ReadAsStringAsync(ct), options.Value.Authority, environment.IsDevelopment());
        known = new(endpoints, time.GetUtcNow() + GoodFor);
        return endpoints;
    }

    /// <summary>Takes only what the authority says of itself, and only what no one on the way can read.</summary>
    public static OidcEndpoints Read(string document, string authority, bool isDevelopment)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            string Of(string name) => json.RootElement.GetProperty(name).GetString() ?? throw new OidcException($"The provider's {name} is null.");
            string Endpoint(string name) => MayBeAsked(Of(name), isDevelopment)
                ? Of(name)
                : throw new OidcException($"The provider's {name} is not an https address.");
            if (Of("issuer") != authority) throw new OidcException("The provider calls itself by another name than Oidc__Authority.");
            return new(Endpoint("authorization_endpoint"), Endpoint("token_endpoint"), Endpoint("userinfo_endpoint"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new OidcException("The provider's discovery document cannot be read.");
        }
    }

    private sealed record Known(OidcEndpoints Endpoints, DateTimeOffset Until);
}
