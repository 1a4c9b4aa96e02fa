using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Allocora.Connector;

/// <summary>The connections to Paddle, and what becomes of one that fails.</summary>
internal static class PaddleWire
{
    private const int HeadersMaxKilobytes = 32;

    /// <summary>Calls are tried once: whoever makes them knows what else there is to do, and when it is worth trying again.</summary>
    public static HttpClient Open(PaddleOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.GZip | DecompressionMethods.Brotli,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = HeadersMaxKilobytes,
            // Spans are ours; nobody else is told their names.
            ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(),
            ConnectCallback = new EgressGuard(options).Connect,
        };
        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new("Allocora", "1"));
        return http;
    }

    /// <summary>Says in our words what went wrong on the way; null when it was something else.</summary>
    public static Exception? Explain(Exception e) => e switch
    {
        OperationCanceledException => new PaddleUnavailableException("provider-timeout", "Paddle did not answer in time.", cause: e),
        InvalidDataException => new PaddleNonsenseException("provider-invalid", "Paddle's answer cannot be decompressed.", e),
        HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } =>
            new PaddleNonsenseException("provider-too-large", $"The head of Paddle's answer is larger than {HeadersMaxKilobytes} KiB.", e),
        HttpRequestException or IOException or SocketException =>
            new PaddleUnavailableException("provider-unreachable", "Paddle cannot be reached, or the connection ended before its answer did.", cause: e),
        _ => null,
    };
}
