using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.ServiceDefaults;

/// <summary>How long the whole readiness check may take; what has not answered by then counts as not answering.</summary>
public sealed class ReadinessOptions
{
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:30")] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>What <c>/healthz/ready</c> says: the state, since when it has been so, and what each dependency answered.</summary>
public sealed record Readiness(string Service, string State, DateTimeOffset Since, IReadOnlyList<ReadinessCheck> Checks)
{
    public const string Ready = "ready", NotReady = "not-ready", Draining = "draining";
}

public sealed record ReadinessCheck(string Name, bool Ok, string? Detail);

/// <summary>What <c>/version</c> says.</summary>
public sealed record VersionInfo(string Service, string Version, string Instance, string Runtime, DateTimeOffset StartedAt);

/// <summary>What <c>/endpoints</c> says: every address of the host, and who may call it.</summary>
/// <param name="Access">A permission of the table, or <c>anyone</c> or <c>signed-in</c>.</param>
public sealed record EndpointInfo(string Method, string Route, string Access)
{
    internal static IReadOnlyList<EndpointInfo> Of(IEnumerable<EndpointDataSource> sources) =>
    [
        .. from endpoint in sources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
           let access = endpoint.Metadata.GetMetadata<EndpointAccess>()
           where access is not null
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["*"]
           select new EndpointInfo(method, $"/{endpoint.RoutePattern.RawText?.TrimStart('/')}", access.Name),
    ];
}

internal static class Health
{
    public static void AddHealth(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<ReadinessOptions>("Readiness");
        builder.Services.AddHealthChecks();
        builder.Services.AddSingleton<ReadinessProbe>();
        // The framework writes an error for each failing check at each probe; ReadinessProbe writes one line when the state turns.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
    }

    public static void MapHealth(this WebApplication app)
    {
        var started = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var health = app.MapGroup("").WithMetadata(new InternalEndpoint()).ExcludeFromDescription();
        // Kestrel only listens once every hosted service has started, so an answer is the proof.
        health.MapGet("/healthz/startup", () => TypedResults.Ok());
        health.MapGet("/healthz/live", () => TypedResults.Ok());
        health.MapGet("/healthz/ready", Ready);
        health.MapGet("/endpoints", (IEnumerable<EndpointDataSource> sources) => TypedResults.Ok(EndpointInfo.Of(sources)));
        health.MapGet("/version", (ServiceIdentity me) => TypedResults.Ok(
            new VersionInfo(me.Name, me.Version, me.Instance, RuntimeInformation.FrameworkDescription, started)));
    }

    private static async Task<JsonHttpResult<Readiness>> Ready(ReadinessProbe probe, CancellationToken ct)
    {
        var readiness = await probe.Check(ct);
        var status = readiness.State == Readiness.Ready ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return TypedResults.Json(readiness, statusCode: status);
    }
}

/// <summary>Asks every registered health check and remembers when the answer last turned.</summary>
public sealed partial class ReadinessProbe(
    HealthCheckService checks, IOptions<HealthCheckServiceOptions> registered, ServiceIdentity me, IOptions<ReadinessOptions> options,
    IHostApplicationLifetime lifetime, TimeProvider time, ILogger<ReadinessProbe> logger)
{
    private readonly Lock turning = new();
    // Neither ready nor not: a service that is not ready from its start says so once, too.
    private (string State, DateTimeOffset Since) last = ("", time.GetUtcNow());

    private bool Stopping => lifetime.ApplicationStopping.IsCancellationRequested;

    public async Task<Readiness> Check(CancellationToken ct)
    {
        var answers = Stopping ? [] : await Task.WhenAll(registered.Value.Registrations.Select(r => Ask(r, ct)));
        // It may have begun to stop while it asked.
        if (Stopping) return new(me.Name, Readiness.Draining, Turn(Readiness.Draining, ""), []);
        var failing = string.Join("; ", answers.Where(a => !a.Ok).Select(a => $"{a.Name}: {a.Detail}"));
        var state = failing == "" ? Readiness.Ready : Readiness.NotReady;
        return new(me.Name, state, Turn(state, failing), answers);
    }

    private async Task<ReadinessCheck> Ask(HealthCheckRegistration check, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(options.Value.Timeout, time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            // Waits apart from the check, which may not heed its token.
            var report = await checks.CheckHealthAsync(c => c == check, patience.Token).WaitAsync(patience.Token);
            var answer = report.Entries[check.Name];
            return new(check.Name, answer.Status == HealthStatus.Healthy, answer.Description);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new(check.Name, false, $"No answer within {options.Value.Timeout.TotalSeconds:0.#} s.");
        }
    }

    private DateTimeOffset Turn(string state, string reason)
    {
        lock (turning)
        {
            if (last.State == state) return last.Since;
            last = (state, time.GetUtcNow());
            // Inside the lock, so that the lines come in the order of the turns.
            if (state == Readiness.NotReady) TurnedNotReady(reason);
            else Turned(state);
            return last.Since;
        }
    }

    [LoggerMessage(LogLevel.Information, "The service is {State}")]
    private partial void Turned(string state);

    [LoggerMessage(LogLevel.Warning, "The service is not ready: {Reason}")]
    private partial void TurnedNotReady(string reason);
}
