using System.Net;
using System.Text.Json;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>Asks one service how it is.</summary>
internal sealed class ServiceProbe : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    public const string OutOfPatience = "No answer within 1 s.";

    // Not a client of the factory: that one retries, waits longer than a round, and writes a span per request. Without a
    // propagator there is no span, and a round every other second would otherwise be most of what is traced.
    private readonly HttpClient http = new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = null,
        AllowAutoRedirect = false,
        ConnectTimeout = Patience,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1), // a name may come to mean another machine
        UseCookies = false,
        UseProxy = false,
    })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = 64 * 1024,
    };

    public async Task<ServiceAnswer> Ask(string name, Uri address, CancellationToken ct)
    {
        var asking = (Ready: Get<Readiness>(new(address, "/healthz/ready"), ct), Version: Get<VersionInfo>(new(address, "/version"), ct));
        var (readiness, reason) = await asking.Ready;
        var (version, _) = await asking.Version;
        if ((readiness?.Service ?? version?.Service ?? name) is var who && who != name)
            return new(null, null, $"The service at this address says it is {who}.");
        if (readiness is { State: null } or { Checks: null } || readiness?.Checks.Any(c => c?.Name is null) == true)
            return new(null, version?.Version, "The answer is not a readiness.");
        return new(readiness, version?.Version, reason);
    }

    public void Dispose() => http.Dispose();

    private async Task<(T? Said, string Reason)> Get<T>(Uri address, CancellationToken ct) where T : class
    {
        try
        {
            using var response = await http.GetAsync(address, ct);
            // A service that is not ready says so with a 503 and the same body.
            if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable))
                return (null, $"{address.AbsolutePath} answers {(int)response.StatusCode}.");
            var body = await response.Content.ReadAsByteArrayAsync(ct);
            return (JsonSerializer.Deserialize<T>(body, JsonSerializerOptions.Web), "");
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return (null, OutOfPatience);
        }
        catch (HttpRequestException e)
        {
            return (null, e.Message);
        }
        catch (JsonException)
        {
            return (null, $"{address.AbsolutePath} answers something else than was asked.");
        }
    }
}
