using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What a service said to a question of the Console's own.</summary>
/// <param name="HasAnswered">It said something, if only that there is no such thing.</param>
internal readonly record struct ServiceSaid(bool HasAnswered, JsonElement? Body);

/// <summary>Asks a service on behalf of a caller, where the Console answers with what several of them know.</summary>
internal sealed partial class AskService(ServiceAddresses addresses, InnerRings rings, TimeProvider time, ILogger<AskService> logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private const int AnswerMax = 64 * 1024 * 1024;

    private readonly HttpClient services = new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
        AllowAutoRedirect = false,
        ConnectTimeout = Patience,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1), // a name may come to mean another machine
        UseCookies = false,
        UseProxy = false,
    })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = AnswerMax,
    };

    /// <param name="path">Below the caller's workspace, of plain segments.</param>
    public async Task<ServiceSaid> Get(HttpContext http, string service, string path, CancellationToken ct)
    {
        if (rings.Of(service) is not { } ring) return default;
        var address = addresses.All.First(a => a.Name == service).Address;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, $"/api/v1/workspaces/{http.Workspace()}/{path}"));
        request.Headers.Authorization = new("Bearer", InnerTokens.Mint(
            ring, Caller.Of(http), http.Workspace(), http.Grant().Permissions, time.GetUtcNow()));
        try
        {
            using var response = await services.SendAsync(request, ct);
            if (response.StatusCode == HttpStatusCode.NotFound) return new(HasAnswered: true, null);
            if (response.StatusCode == HttpStatusCode.OK)
                return new(HasAnswered: true, JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsByteArrayAsync(ct)));
            AnsweredOtherwise(service, (int)response.StatusCode);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            NotAnswered(service, "it takes too long");
        }
        catch (HttpRequestException e)
        {
            NotAnswered(service, e.Message);
        }
        catch (JsonException)
        {
            NotAnswered(service, "it answers something that is not JSON");
        }
        return default;
    }

    public void Dispose() => services.Dispose();

    [LoggerMessage(LogLevel.Warning, "What {Service} knows is missing in an answer: {Reason}")]
    private partial void NotAnswered(string service, string reason);

    [LoggerMessage(LogLevel.Warning, "What {Service} knows is missing in an answer: it answers {Status}")]
    private partial void AnsweredOtherwise(string service, int status);
}
