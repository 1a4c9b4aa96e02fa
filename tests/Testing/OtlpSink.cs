using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.Testing;

/// <summary>
/// A telemetry collector that remembers: it takes OTLP over http/protobuf and over gRPC, and a test asks it what arrived.
/// The two have a port each, because without TLS a connection cannot negotiate between HTTP/1.1 and HTTP/2.
/// </summary>
public sealed class OtlpSink : IAsyncDisposable
{
    private const int KeptMax = 10_000;
    private const int GrpcPrefix = 5, GrpcOk = 0, GrpcInvalidArgument = 3;
    private readonly WebApplication server;
    private readonly Lock keeping = new();
    private readonly Queue<OtlpSpan> spans = new();
    private readonly Queue<OtlpMetric> metrics = new();
    private readonly Queue<OtlpLog> logs = new();

    private OtlpSink()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
        });
        // Under its usual name, spans of the sink's own server would be exported by the host under test, to the sink, for ever.
        builder.Services.AddSingleton(new ActivitySource(nameof(OtlpSink)));
        server = builder.Build();
        server.Run(Answer);
    }

    public IReadOnlyList<OtlpSpan> Spans => Copy(spans);

    public IReadOnlyList<OtlpMetric> Metrics => Copy(metrics);

    public IReadOnlyList<OtlpLog> Logs => Copy(logs);

    public string HttpEndpoint { get; private set; } = "";

    public string GrpcEndpoint { get; private set; } = "";

    public static async Task<OtlpSink> Start(CancellationToken ct = default)
    {
        var sink = new OtlpSink();
        await sink.server.StartAsync(ct);
        var addresses = sink.server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        (sink.HttpEndpoint, sink.GrpcEndpoint) = (addresses[0], addresses[1]);
        return sink;
    }

    /// <summary>What a host needs in its environment to send here, and to do so without the usual seconds of waiting.</summary>
    public IReadOnlyDictionary<string, string> Environment(bool grpc = false) => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = grpc ? GrpcEndpoint : HttpEndpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = grpc ? "grpc" : "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "50",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "50",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
    };

    public Task<OtlpSpan> Span(Func<OtlpSpan, bool> wanted, CancellationToken ct = default) => First("span", spans, wanted, s => s.Name, ct);

    public Task<OtlpMetric> Metric(Func<OtlpMetric, bool> wanted, CancellationToken ct = default) =>
        First("metric", metrics, wanted, m => m.Name, ct);

    public Task<OtlpLog> Log(Func<OtlpLog, bool> wanted, CancellationToken ct = default) => First("log record", logs, wanted, l => l.Body, ct);

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task<T> First<T>(string kind, Queue<T> kept, Func<T, bool> wanted, Func<T, string> name, CancellationToken ct) where T : class
    {
        try
        {
            return (await Eventually.Sees(() => Copy(kept).FirstOrDefault(wanted), found => found is not null, ct: ct))!;
        }
        catch (TimeoutException)
        {
            var there = string.Join(", ", Copy(kept).Select(name).Distinct());
            throw new TimeoutException($"No such {kind} arrived within {Eventually.Deadline}. These did: {there}");
        }
    }

    private List<T> Copy<T>(Queue<T> kept)
    {
        lock (keeping) return [.. kept];
    }

    private void Keep<T>(Queue<T> kept, List<T> arrived)
    {
        lock (keeping)
        {
            foreach (var one in arrived)
            {
                if (kept.Count == KeptMax) kept.Dequeue();
                kept.Enqueue(one);
            }
        }
    }

    private Task Answer(HttpContext http) => http.Request.Protocol == HttpProtocol.Http2 ? AnswerGrpc(http) : AnswerHttp(http);

    private async Task AnswerHttp(HttpContext http)
    {
        try
        {
            var body = await Body(http);
            if (http.Request.Headers.ContentEncoding == "gzip") body = Unzip(body);
            var kept = http.Request.Method == HttpMethods.Post && TryKeep(http.Request.Path.Value!, body);
            if (kept) http.Response.ContentType = "application/x-protobuf";
            else http.Response.StatusCode = StatusCodes.Status404NotFound;
        }
        catch (Exception e) when (e is InvalidDataException or OverflowException)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsync(e.Message, http.RequestAborted);
        }
    }

    private async Task AnswerGrpc(HttpContext http)
    {
        http.Response.ContentType = "application/grpc";
        try
        {
            var kept = TryKeep(http.Request.Path.Value!, Unframe(await Body(http)));
            if (!kept) throw new InvalidDataException($"There is no method {http.Request.Path}.");
            await http.Response.Body.WriteAsync(new byte[GrpcPrefix], http.RequestAborted); // a message without fields
            http.Response.AppendTrailer("grpc-status", $"{GrpcOk}");
        }
        catch (Exception e) when (e is InvalidDataException or OverflowException)
        {
            http.Response.AppendTrailer("grpc-status", $"{GrpcInvalidArgument}");
            http.Response.AppendTrailer("grpc-message", e.Message);
        }
    }

    private bool TryKeep(string path, byte[] request)
    {
        switch (path)
        {
            case "/v1/traces" or "/opentelemetry.proto.collector.trace.v1.TraceService/Export":
                Keep(spans, OtlpSinkDecoder.Traces(request));
                return true;
            case "/v1/metrics" or "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export":
                Keep(metrics, OtlpSinkDecoder.Metrics(request));
                return true;
            case "/v1/logs" or "/opentelemetry.proto.collector.logs.v1.LogsService/Export":
                Keep(logs, OtlpSinkDecoder.Logs(request));
                return true;
            default:
                return false;
        }
    }

    private static async Task<byte[]> Body(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray();
    }

    // One byte says whether the message is compressed, four say how long it is. A unary call has one message.
    private static byte[] Unframe(byte[] frame)
    {
        if (frame.Length < GrpcPrefix || BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(1)) != frame.Length - GrpcPrefix)
            throw new InvalidDataException("The frame is not as long as it says.");
        var message = frame[GrpcPrefix..];
        return frame[0] == 0 ? message : Unzip(message);
    }

    private static byte[] Unzip(byte[] zipped)
    {
        using var plain = new MemoryStream();
        using var zip = new GZipStream(new MemoryStream(zipped), CompressionMode.Decompress);
        zip.CopyTo(plain);
        return plain.ToArray();
    }
}
