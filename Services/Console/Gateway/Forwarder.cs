using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.ExceptionServices;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.Features;

namespace Allocora.Console;

/// <summary>A request as a service gets it.</summary>
/// <param name="Path">Written by <see cref="UpstreamPath"/>.</param>
/// <param name="Workspace">Its id; null outside of any.</param>
internal sealed record Forwarding(
    string Service, string Path, Caller Caller, string? Workspace, IReadOnlySet<string> Permissions, IReadOnlyList<string> Headers);

/// <summary>
/// Passes requests on to the services and their answers back, as they come and as fast as the slower side takes them. Each is
/// sent once: whether it may be repeated only its sender knows.
/// </summary>
internal sealed partial class Forwarder(
    ServiceAddresses addresses, InnerRings rings, GatewayOptions options, Downloads downloads, TimeProvider time, ILogger<Forwarder> logger) : IDisposable
{
    private const int PieceSize = 32 * 1024, HeadersMaxKilobytes = 32;

    private readonly HttpMessageInvoker services = new(new SocketsHttpHandler
    {
        ActivityHeadersPropagator = new TraceParentOnly(),
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxConnectionsPerServer = options.ConcurrentMax,
        MaxResponseDrainSize = 0,
        MaxResponseHeadersLength = HeadersMaxKilobytes,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1), // a name may come to mean another machine
        UseCookies = false,
        UseProxy = false,
    });

    private readonly SemaphoreSlim places = new(options.ConcurrentMax);

    public async Task Forward(HttpContext http, Forwarding to)
    {
        if (http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
        {
            await Refuse(http, StatusCodes.Status400BadRequest, "validation", "There is no other protocol to change to here.");
            return;
        }
        if (http.Request.Headers.ContentEncoding.Any(encoding => !string.Equals(encoding, "identity", StringComparison.OrdinalIgnoreCase)))
        {
            await Refuse(http, StatusCodes.Status415UnsupportedMediaType, "unsupported-media-type", "Send the body without Content-Encoding.");
            return;
        }
        if (!await places.WaitAsync(TimeSpan.Zero, http.RequestAborted))
        {
            http.Response.Headers.RetryAfter = "1";
            await Unavailable(http, StatusCodes.Status503ServiceUnavailable, "Too many requests are under way; try again in a moment.");
            return;
        }
        try
        {
            await Pass(http, to);
        }
        finally
        {
            places.Release();
        }
    }

    public void Dispose()
    {
        services.Dispose();
        places.Dispose();
    }

    private async Task Pass(HttpContext http, Forwarding to)
    {
        if (rings.Of(to.Service) is not { } ring)
        {
            http.Response.Headers.RetryAfter = "1";
            await Unavailable(http, StatusCodes.Status503ServiceUnavailable, $"The gateway has no keys yet for {to.Service}.");
            return;
        }
        using var patience = new CancellationTokenSource(options.Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, patience.Token);
        var address = addresses.All.First(a => a.Name == to.Service).Address;
        using var body = BodyOf(http, () => patience.CancelAfter(options.Patience));
        using var request = Request(http, to, new(address, to.Path + http.Request.QueryString.Value?.Replace("#", "%23", StringComparison.Ordinal)), body);
        if (!PassedHeaders.Copy(http.Request, request, to.Headers))
        {
            await Refuse(http, StatusCodes.Status400BadRequest, "validation", "A header holds signs that cannot be sent on.");
            return;
        }
        var token = InnerTokens.Mint(ring, to.Caller, to.Workspace, to.Permissions, time.GetUtcNow());
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await services.SendAsync(request, either.Token);
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
            await Answer(http, to, response, address);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            NoAnswer(to.Service, options.Patience);
            await Unavailable(http, StatusCodes.Status504GatewayTimeout, $"The service {to.Service} does not answer.");
        }
        catch (HttpRequestException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            // The caller's own fault is the caller's to hear: a body too large, too slow or cut short.
            if ((body as PassedBody)?.Fault is { } fault) ExceptionDispatchInfo.Throw(fault);
            NotReached(to.Service, e.Message);
            await Unavailable(http, StatusCodes.Status502BadGateway, $"The service {to.Service} cannot be reached.");
        }
        finally
        {
            if (body is PassedBody passed) await passed.End();
        }
    }

    // Without a body at all, the client would take a request that a dying connection swallowed for one never sent, and repeat it.
    private static HttpContent? BodyOf(HttpContext http, Action advanced)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }) return new PassedBody(http.Request, advanced);
        return HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? null : new ByteArrayContent([]);
    }

    private static HttpRequestMessage Request(HttpContext http, Forwarding to, Uri address, HttpContent? body) => new(new(http.Request.Method), address)
    {
        Content = body,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private async Task Answer(HttpContext http, Forwarding to, HttpResponseMessage response, Uri address)
    {
        var status = (int)response.StatusCode;
        if (status == StatusCodes.Status401Unauthorized && (to.Workspace is not null || response.Headers.WwwAuthenticate.Count > 0))
        {
            TokenRefused(to.Service);
            await Unavailable(http, StatusCodes.Status502BadGateway, $"The service {to.Service} does not accept the gateway's token.");
            return;
        }
        if (status < 200 || !HasAnEnd(http, response))
        {
            NotUnderstood(to.Service, status);
            await Unavailable(http, StatusCodes.Status502BadGateway, $"The service {to.Service} answers in a way the gateway does not understand.");
            return;
        }
        if (status == StatusCodes.Status403Forbidden) http.Features.Set(new Refused(status, Workspace: to.Workspace));
        if (Downloads.Is(http, response)) await downloads.Record(to, http.RequestAborted);
        http.Response.StatusCode = status;
        PassedHeaders.Copy(response, http.Response, address);
        try
        {
            await Copy(http, response);
        }
        catch (Exception e) when (e is IOException or HttpRequestException && !http.RequestAborted.IsCancellationRequested)
        {
            BrokenOff(to.Service, e.Message);
            if (http.Response.HasStarted)
            {
                http.Abort(); // what the caller has must not look like a whole answer
                return;
            }
            http.Response.Clear();
            await Unavailable(http, StatusCodes.Status502BadGateway, $"The service {to.Service} broke off its answer.");
        }
    }

    // One that ends with its connection ends the same way when the service dies.
    private static bool HasAnEnd(HttpContext http, HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is not null || response.Headers.TransferEncodingChunked == true || HasNoBody(http, response);

    private static bool HasNoBody(HttpContext http, HttpResponseMessage response) =>
        HttpMethods.IsHead(http.Request.Method) || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified;

    private static async Task Copy(HttpContext http, HttpResponseMessage response)
    {
        if (HasNoBody(http, response)) return;
        var ct = http.RequestAborted;
        http.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await using var from = await response.Content.ReadAsStreamAsync(ct);
        // Whoever waits for the first event waits for the headers too.
        if (response.Content.Headers.ContentLength is null) await http.Response.Body.FlushAsync(ct);
        var piece = new byte[PieceSize];
        while (await from.ReadAsync(piece, ct) is > 0 and var length)
        {
            await http.Response.Body.WriteAsync(piece.AsMemory(0, length), ct);
            await http.Response.Body.FlushAsync(ct);
        }
    }

    private static Task Unavailable(HttpContext http, int status, string why) => Refuse(http, status, "upstream-unavailable", why);

    private static Task Refuse(HttpContext http, int status, string code, string why) => Problems.Refuse(status, code, why).ExecuteAsync(http);

    /// <summary>The services go on with our trace, and get nothing else a caller attached to it.</summary>
    private sealed class TraceParentOnly : DistributedContextPropagator
    {
        public override IReadOnlyCollection<string> Fields => ["traceparent"];

        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
        {
            if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id }) setter?.Invoke(carrier, "traceparent", id);
        }

        public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
            (traceId, traceState) = (null, null);

        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
    }

    [LoggerMessage(LogLevel.Warning, "The service {Service} has not begun to answer within {Patience}")]
    private partial void NoAnswer(string service, TimeSpan patience);

    [LoggerMessage(LogLevel.Warning, "The service {Service} cannot be reached: {Reason}")]
    private partial void NotReached(string service, string reason);

    [LoggerMessage(LogLevel.Warning, "The service {Service} broke off its answer: {Reason}")]
    private partial void BrokenOff(string service, string reason);

    [LoggerMessage(LogLevel.Error, "The service {Service} refuses the gateway's token; do both have the same Inner key?")]
    private partial void TokenRefused(string service);

    [LoggerMessage(LogLevel.Error, "The service {Service} answers {Status} in a form without an end")]
    private partial void NotUnderstood(string service, int status);
}
