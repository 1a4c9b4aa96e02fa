using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Allocora.ServiceDefaults;

/// <summary>Traces, metrics and logs to the collector the standard OTEL_* variables name; without one, nothing is set up.</summary>
internal static class Telemetry
{
    public static void AddTelemetry(this WebApplicationBuilder builder, string name)
    {
        // ASP.NET Core leaves its span without attributes unless this is off.
        AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", false);
        const string key = "OTEL_EXPORTER_OTLP_ENDPOINT";
        if (builder.Configuration[key] is not { Length: > 0 } endpoint) return;
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var collector) || collector.Scheme is not ("http" or "https"))
            throw new OptionsValidationException(key, typeof(string), [$"{key} is not an http address."]);

        var me = ServiceIdentity.Of(name);
        // The environment comes last, so OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
        void Resource(ResourceBuilder resource) => resource.Clear()
            .AddService(name, serviceVersion: me.Version, serviceInstanceId: me.Instance).AddTelemetrySdk().AddEnvironmentVariableDetector();
        // On their own the providers would read OTEL_* from the environment only, and the log from everything the host reads.
        void Settings(IServiceCollection services) => services.AddSingleton<IConfiguration>(builder.Configuration);

        builder.Logging.AddOpenTelemetry(logs =>
        {
            var resource = ResourceBuilder.CreateEmpty();
            Resource(resource);
            logs.SetResourceBuilder(resource);
            logs.IncludeScopes = true;
            logs.IncludeFormattedMessage = true;
            logs.AddOtlpExporter();
        });
        builder.Services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder().ConfigureServices(Settings).ConfigureResource(Resource)
            .AddSource("Microsoft.AspNetCore", "System.Net.Http", "Npgsql", "RabbitMQ.Client.*", "Allocora.*")
            .AddOtlpExporter().Build());
        builder.Services.AddSingleton(_ => Sdk.CreateMeterProviderBuilder().ConfigureServices(Settings).ConfigureResource(Resource)
            .AddMeter("Microsoft.AspNetCore.*", "System.Net.Http", "System.Runtime", "Npgsql", "Allocora.*")
            .AddOtlpExporter().Build());
        builder.Services.AddHostedService<Export>();
    }

    /// <summary>Completes the server span with what ASP.NET Core knows only after routing, and leaves probes out of traces.</summary>
    public static void UseRequestTelemetry(this WebApplication app) => app.Use(async (http, next) =>
    {
        if (Activity.Current is not { } activity)
        {
            await next(http);
            return;
        }
        // Error handling may clear or re-run the endpoint, so the route is read on the way in.
        var endpoint = http.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<InternalEndpoint>() is not null) activity.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        var method = activity.GetTagItem("http.request.method") is string known and not "_OTHER" ? known : "HTTP";
        var route = (endpoint as RouteEndpoint)?.RoutePattern.RawText;
        activity.DisplayName = route is null ? method : $"{method} {route}";
        if (route is not null) activity.SetTag("http.route", route);
        try
        {
            await next(http);
        }
        catch (Exception e)
        {
            Fail(activity, e.GetType().FullName!);
            throw;
        }
        activity.SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode >= 500) Fail(activity, http.Response.StatusCode.ToString(CultureInfo.InvariantCulture));
    });

    private static void Fail(Activity activity, string type)
    {
        activity.SetStatus(ActivityStatusCode.Error);
        activity.SetTag("error.type", type);
    }

    /// <summary>Makes the providers when the host starts, and sends what is still in memory before it ends.</summary>
    private sealed class Export(TracerProvider traces, MeterProvider metrics) : IHostedService
    {
        private const int PatienceMilliseconds = 3000;

        public Task StartAsync(CancellationToken ct) => Task.CompletedTask;

        // They block, each until the collector answers or the time is up; disposing them does not wait a second time.
        public Task StopAsync(CancellationToken ct) => Task.WhenAll(
            Task.Run(() => traces.Shutdown(PatienceMilliseconds), CancellationToken.None),
            Task.Run(() => metrics.Shutdown(PatienceMilliseconds), CancellationToken.None));
    }
}
