using System.Diagnostics;
using System.Net.Sockets;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Allocora.ServiceDefaults.Tests;

/// <summary>Activities are the whole process's, so each test looks for the trace it began.</summary>
public sealed partial class Sending_telemetry : IAsyncLifetime
{
    private readonly string trace = ActivityTraceId.CreateRandom().ToHexString(), caller = ActivitySpanId.CreateRandom().ToHexString();
    private OtlpSink sink = null!;

    public async Task InitializeAsync() => sink = await OtlpSink.Start();

    public async Task DisposeAsync() => await sink.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_is_a_span_named_by_its_route_in_the_trace_of_the_caller(bool grpc)
    {
        await using var host = await Start(sink.Environment(grpc));
        await Get(host, "/things/7?secret=1");

        var span = await ServerSpan();

        Assert.Equal(("GET /things/{id}", ActivityKind.Server, ActivityStatusCode.Unset), (span.Name, span.Kind, span.Status));
        Assert.Equal(caller, span.ParentSpanId);
        Assert.Equal(("/things/{id}", 200L), (span.Attributes["http.route"], span.Attributes["http.response.status_code"]));
        Assert.Equal(("GET", "/things/7"), (span.Attributes["http.request.method"], span.Attributes["url.path"]));
        Assert.DoesNotContain(span.Attributes.Values, v => $"{v}".Contains("secret", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("/broken", "500")]
    [InlineData("/half", "System.NotSupportedException")]
    public async Task A_request_that_fails_is_an_error(string path, string type)
    {
        await using var host = await Start();
        await Get(host, path);

        var span = await ServerSpan();

        Assert.Equal(($"GET {path}", ActivityStatusCode.Error), (span.Name, span.Status));
        Assert.Equal((path, type), (span.Attributes["http.route"], span.Attributes["error.type"]));
    }

    [Theory]
    [InlineData("GET", "GET")]
    [InlineData("LOOK", "HTTP")]
    public async Task A_request_to_nowhere_is_named_by_a_known_method_only(string method, string name)
    {
        await using var host = await Start();
        await Get(host, "/absent/4711", method);

        var span = await ServerSpan();

        Assert.Equal((name, 404L, ActivityStatusCode.Unset), (span.Name, span.Attributes["http.response.status_code"], span.Status));
        Assert.DoesNotContain("http.route", span.Attributes.Keys);
    }

    [Fact]
    public async Task Probes_leave_no_span()
    {
        await using var host = await Start();
        foreach (var path in new[] { "/healthz/startup", "/healthz/live", "/healthz/ready", "/version" }) await Get(host, path);
        var probed = trace;

        await host.App.StopAsync();

        Assert.DoesNotContain(sink.Spans, s => s.TraceId == probed);
    }

    [Fact]
    public async Task A_call_made_for_a_request_is_its_child_and_takes_the_trace_along()
    {
        await using var other = await OtherService.Start((200, null));
        await using var host = await Start();
        await Get(host, $"/call?address={other.Address}");

        var server = await ServerSpan();
        var client = await sink.Span(s => s.TraceId == trace && s.Kind == ActivityKind.Client);

        Assert.Equal((server.SpanId, "System.Net.Http"), (client.ParentSpanId, client.Scope));
        Assert.Equal([$"00-{trace}-{client.SpanId}-01"], other.Requests.Select(r => r.Traceparent));
    }

    [Fact]
    public async Task A_call_that_is_repeated_has_a_span_for_each_attempt()
    {
        await using var other = await OtherService.Start((502, null), (200, null));
        await using var host = await Start();
        await Get(host, $"/call?address={other.Address}");

        await ServerSpan();
        var attempts = await Eventually.Sees(
            () => sink.Spans.Where(s => s.TraceId == trace && s.Kind == ActivityKind.Client).OrderBy(s => s.Start).ToList(), seen => seen.Count == 2);

        Assert.Equal(attempts.Select(a => $"00-{trace}-{a.SpanId}-01"), other.Requests.Select(r => r.Traceparent));
        Assert.Equal([502L, 200L], attempts.Select(a => a.Attributes["http.response.status_code"]));
    }

    [Fact]
    public async Task What_a_request_logs_carries_its_trace()
    {
        await using var host = await Start();
        await Get(host, "/things/7");

        var log = await sink.Log(l => l.TraceId == trace && l.Scope == nameof(Sending_telemetry));

        Assert.Equal(("Looked at thing 7", "Information", "7"), (log.Body, log.Severity, log.Attributes["Id"]));
        Assert.Equal((await ServerSpan()).SpanId, log.SpanId);
    }

    [Fact]
    public async Task Requests_and_the_runtime_are_measured()
    {
        await using var host = await Start();
        await Get(host, "/things/7");

        var duration = await sink.Metric(m => m.Name == "http.server.request.duration" && m.AttributeKeys.Contains("http.route"));
        Assert.Equal(("s", "Microsoft.AspNetCore.Hosting"), (duration.Unit, duration.Scope));
        Assert.Contains("http.response.status_code", duration.AttributeKeys);
        await sink.Metric(m => m.Name.StartsWith("dotnet.gc.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Everything_says_which_service_it_comes_from()
    {
        await using var host = await Start();
        await Get(host, "/things/7");

        var me = host.App.Services.GetRequiredService<ServiceIdentity>();
        foreach (var resource in await Resources())
        {
            Assert.Equal((me.Name, me.Version, me.Instance),
                (resource["service.name"], resource["service.version"], resource["service.instance.id"]));
        }
    }

    [Fact]
    public async Task The_environment_has_the_last_word_on_who_it_is()
    {
        await using var host = await Start(
            sink.Environment(), "OTEL_SERVICE_NAME=ledger-eu", "OTEL_RESOURCE_ATTRIBUTES=deployment.environment.name=demo,service.instance.id=i1");
        await Get(host, "/things/7");

        foreach (var resource in await Resources())
        {
            Assert.Equal(("ledger-eu", "demo", "i1"),
                (resource["service.name"], resource["deployment.environment.name"], resource["service.instance.id"]));
        }
    }

    [Fact]
    public async Task What_is_still_in_memory_is_sent_before_the_host_ends()
    {
        await using var host = await Start(
            sink.Environment(), "OTEL_BSP_SCHEDULE_DELAY=600000", "OTEL_BLRP_SCHEDULE_DELAY=600000", "OTEL_METRIC_EXPORT_INTERVAL=600000");
        await Get(host, "/things/7");
        Assert.DoesNotContain(sink.Spans, s => s.TraceId == trace);

        await host.App.StopAsync();
        Assert.Contains(sink.Spans, s => s.TraceId == trace);
        Assert.Contains(sink.Metrics, m => m.Name == "http.server.request.duration");

        await host.App.DisposeAsync(); // the log stays open for what is said on the way down
        Assert.Contains(sink.Logs, l => l.TraceId == trace);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_collector_that_is_away_disturbs_neither_requests_nor_the_end(bool accepts)
    {
        using var mute = new TcpListener(System.Net.IPAddress.Loopback, 0);
        mute.Start();
        var environment = new Dictionary<string, string>(sink.Environment()) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{mute.LocalEndpoint}" };
        if (!accepts) mute.Stop();

        var host = await Start(environment);
        for (var i = 0; i < 20; i++) Assert.Equal(200, await Get(host, "/things/7").WaitAsync(Eventually.Deadline));

        await host.App.StopAsync().WaitAsync(Eventually.Deadline);
        await host.DisposeAsync().AsTask().WaitAsync(Eventually.Deadline);
    }

    [Theory]
    [InlineData("urls=http://127.0.0.1:0")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=")]
    public async Task Without_a_collector_nothing_is_set_up(string setting)
    {
        await using var host = await TestHost.Start(null, Map, setting);

        Assert.Null(host.App.Services.GetService<TracerProvider>());
        Assert.Null(host.App.Services.GetService<MeterProvider>());
        Assert.DoesNotContain(host.App.Services.GetServices<ILoggerProvider>(), p => p is OpenTelemetry.Logs.OpenTelemetryLoggerProvider);
        Assert.Equal(200, await Get(host, "/things/7"));
    }

    private Task<TestHost> Start() => Start(sink.Environment());

    private static Task<TestHost> Start(IReadOnlyDictionary<string, string> environment, params string[] more) =>
        TestHost.Start(null, Map, [.. environment.Select(e => $"{e.Key}={e.Value}"), .. more]);

    private static void Map(WebApplication app)
    {
        var anyone = app.MapGroup("").AllowAnyone();
        anyone.MapGet("/things/{id}", (string id, ILoggerFactory log) =>
        {
            LookedAt(log.CreateLogger(nameof(Sending_telemetry)), id);
            return id;
        });
        anyone.MapGet("/broken", string () => throw new NotSupportedException("broken"));
        anyone.MapGet("/half", async (HttpContext http) =>
        {
            await http.Response.WriteAsync("one half");
            await http.Response.Body.FlushAsync();
            throw new NotSupportedException("The other half");
        });
        anyone.MapGet("/call", (Uri address, IHttpClientFactory clients) => clients.CreateClient().GetStringAsync(address));
    }

    private async Task<int> Get(TestHost host, string path, string method = "GET")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("traceparent", $"00-{trace}-{caller}-01");
        using var answer = await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return (int)answer.StatusCode;
    }

    private Task<OtlpSpan> ServerSpan() => sink.Span(s => s.TraceId == trace && s.Kind == ActivityKind.Server && s.ParentSpanId == caller);

    private async Task<IReadOnlyDictionary<string, object?>[]> Resources() =>
    [
        (await ServerSpan()).Resource,
        (await sink.Log(l => l.TraceId == trace)).Resource,
        (await sink.Metric(m => m.Name == "http.server.request.duration")).Resource,
    ];

    [LoggerMessage(LogLevel.Information, "Looked at thing {Id}")]
    private static partial void LookedAt(ILogger logger, string id);
}
