using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.IO.Compression;
using System.Net;
using Allocora.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Allocora.ServiceDefaults.Tests.TestingTools;

public sealed partial class Collecting_telemetry : IAsyncLifetime
{
    private readonly string source = $"collecting-{Guid.NewGuid():N}";
    private OtlpSink sink = null!;

    public async Task InitializeAsync() => sink = await OtlpSink.Start();

    public async Task DisposeAsync() => await sink.DisposeAsync();

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(false, "gzip")]
    [InlineData(true, "gzip")]
    public async Task A_span_from_the_real_exporter_is_read_in_full(bool grpc, string compression)
    {
        using var activities = new ActivitySource(source);
        var linked = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded);
        Activity parent, child;
        using (var traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(Configured(grpc, compression)).AddSource(source).AddOtlpExporter().Build())
        {
            parent = activities.StartActivity("parent", ActivityKind.Server)!;
            child = activities.StartActivity("child", ActivityKind.Client, parentContext: default, links: [new(linked, new() { ["why"] = "retry" })])!;
            child.SetTag("text", "ä").SetTag("yes", true).SetTag("many", -5L).SetTag("ratio", 0.25).SetTag("list", new[] { "a", "b" });
            child.SetStatus(ActivityStatusCode.Error, "refused");
            child.Dispose();
            parent.Dispose();
            traces.ForceFlush();
        }

        var seen = await sink.Span(s => s.SpanId == child.SpanId.ToHexString());
        Assert.Equal(("child", ActivityKind.Client, source), (seen.Name, seen.Kind, seen.Scope));
        Assert.Equal((parent.TraceId.ToHexString(), parent.SpanId.ToHexString()), (seen.TraceId, seen.ParentSpanId));
        Assert.Equal((ActivityStatusCode.Error, "refused"), (seen.Status, seen.StatusMessage));
        Assert.Equal(child.StartTimeUtc, seen.Start.UtcDateTime);
        Assert.Equal(child.StartTimeUtc + child.Duration, seen.End.UtcDateTime);
        Assert.Equal<object?>(["ä", true, -5L, 0.25], [.. new[] { "text", "yes", "many", "ratio" }.Select(k => seen.Attributes[k])]);
        Assert.Equal(["a", "b"], Assert.IsType<object?[]>(seen.Attributes["list"]));
        var link = Assert.Single(seen.Links);
        Assert.Equal((linked.TraceId.ToHexString(), linked.SpanId.ToHexString(), "retry"), (link.TraceId, link.SpanId, link.Attributes["why"]));
        Assert.Equal("opentelemetry", seen.Resource["telemetry.sdk.name"]);

        var root = await sink.Span(s => s.SpanId == parent.SpanId.ToHexString());
        Assert.Equal(("parent", ActivityKind.Server, "", ActivityStatusCode.Unset), (root.Name, root.Kind, root.ParentSpanId, root.Status));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Metrics_arrive_with_their_unit_and_the_keys_of_their_attributes(bool grpc)
    {
        using var meter = new Meter(source);
        using var metrics = Sdk.CreateMeterProviderBuilder().ConfigureServices(Configured(grpc)).AddMeter(source).AddOtlpExporter().Build();
        meter.CreateHistogram<double>("pages.duration", "s").Record(0.5, new KeyValuePair<string, object?>("outcome", "done"));
        meter.CreateCounter<long>("pages", "{page}").Add(2, new("outcome", "done"), new("stream", "sales"));
        meter.CreateObservableGauge("backlog", () => 4, "{event}");
        metrics.ForceFlush();

        var duration = await sink.Metric(m => m.Name == "pages.duration");
        Assert.Equal(("s", source), (duration.Unit, duration.Scope));
        Assert.Equal(["outcome"], duration.AttributeKeys);
        Assert.Equal(["outcome", "stream"], (await sink.Metric(m => m.Name == "pages")).AttributeKeys);
        Assert.Empty((await sink.Metric(m => m.Name == "backlog")).AttributeKeys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Log_records_arrive_with_the_span_they_were_written_in(bool grpc)
    {
        var services = new ServiceCollection();
        Configured(grpc)(services);
        services.AddLogging(log => log.AddOpenTelemetry(o =>
        {
            o.IncludeFormattedMessage = true;
            o.AddOtlpExporter();
        }));
        using var provider = services.BuildServiceProvider();
        using var activity = new Activity("writing").SetIdFormat(ActivityIdFormat.W3C).Start();
        Wrote(provider.GetRequiredService<ILoggerFactory>().CreateLogger(source), 7);

        var seen = await sink.Log(l => l.Scope == source);
        Assert.Equal(("Wrote 7 pages", "Warning", 13), (seen.Body, seen.Severity, seen.SeverityNumber));
        Assert.Equal((activity.TraceId.ToHexString(), activity.SpanId.ToHexString()), (seen.TraceId, seen.SpanId));
        Assert.Equal(7L, seen.Attributes["Pages"]);
    }

    [Fact]
    public async Task Bytes_that_are_no_export_request_are_refused()
    {
        using var http = new HttpClient();

        foreach (var path in new[] { "/v1/traces", "/v1/metrics", "/v1/logs" })
        {
            using var answer = await http.PostAsync(new Uri(sink.HttpEndpoint + path), new ByteArrayContent([0x0a, 0x7f, 0x01]));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
        Assert.Empty(sink.Spans);
    }

    [Fact]
    public async Task A_body_that_only_says_it_is_gzip_is_refused()
    {
        using var http = new HttpClient();
        using var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.ContentEncoding.Add("gzip");

        using var answer = await http.PostAsync(new Uri(sink.HttpEndpoint + "/v1/traces"), content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 3, 0x0a, 0x7f, 0x01 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 9, 0x0a })]
    [InlineData(new byte[] { 0 })]
    public async Task A_broken_call_ends_with_the_status_for_a_bad_argument(byte[] frame)
    {
        using var http = new HttpClient
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var method = new Uri(sink.GrpcEndpoint + "/opentelemetry.proto.collector.trace.v1.TraceService/Export");

        using var answer = await http.PostAsync(method, new ByteArrayContent(frame));

        await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal("3", answer.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task A_zipped_body_is_read_by_hand_too()
    {
        using var zipped = new MemoryStream();
        using (var zip = new GZipStream(zipped, CompressionMode.Compress, leaveOpen: true)) zip.Write([0x0a, 0x00]);
        using var http = new HttpClient();
        using var content = new ByteArrayContent(zipped.ToArray());
        content.Headers.ContentEncoding.Add("gzip");

        using var answer = await http.PostAsync(new Uri(sink.HttpEndpoint + "/v1/logs"), content);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private Action<IServiceCollection> Configured(bool grpc, string compression = "") => services => services.AddSingleton<IConfiguration>(
        new ConfigurationBuilder()
            .AddInMemoryCollection(sink.Environment(grpc).ToDictionary(e => e.Key, e => (string?)e.Value))
            .AddInMemoryCollection(compression == "" ? [] : [new("OTEL_EXPORTER_OTLP_COMPRESSION", compression)])
            .Build());

    [LoggerMessage(LogLevel.Warning, "Wrote {Pages} pages")]
    private static partial void Wrote(ILogger logger, int pages);
}
