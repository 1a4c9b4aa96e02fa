using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Allocora.EventStore;

/// <summary>The projections of a service, kept up in the background.</summary>
public static class ProjectionHosting
{
    /// <summary>
    /// Runs every version the schema declares, each with a readiness check, and registers a <see cref="ProjectionReader"/> under the
    /// name of each projection. The service's database, and the logs upstream that projections name, have to be added too.
    /// </summary>
    public static IHostApplicationBuilder AddProjections(this IHostApplicationBuilder builder, ServiceSchema schema)
    {
        foreach (var projection in schema.Projections) builder.Services.AddProjection(projection, schema.Service);
        foreach (var name in schema.Projections.Select(p => p.Name).Distinct())
        {
            builder.Services.AddKeyedSingleton(name, (provider, _) => new ProjectionReader(
                schema, name, provider.GetRequiredKeyedService<NpgsqlDataSource>(schema.Service), provider.GetRequiredService<TimeProvider>()));
        }
        return builder;
    }

    private static void AddProjection(this IServiceCollection services, Projection projection, string service)
    {
        var worker = $"{service}_worker";
        var log = projection.Upstream is { } upstream ? $"{upstream}_tail" : worker;
        var health = new ProjectionHealth(projection.IsVital);
        services.AddSingleton<IHostedService>(provider =>
        {
            var time = provider.GetRequiredService<TimeProvider>();
            var feed = new EventFeed(provider.GetRequiredKeyedService<NpgsqlDataSource>(log), time);
            var runner = new ProjectionRunner(projection, service, feed, provider.GetRequiredKeyedService<NpgsqlDataSource>(worker), time);
            return new ProjectionWorker(runner, feed, health, time, provider.GetRequiredService<ILogger<ProjectionWorker>>());
        });
        services.AddHealthChecks().Add(new HealthCheckRegistration($"projection {projection}", health, HealthStatus.Unhealthy, tags: null));
    }
}

/// <summary>What keeps a projection from going on, if anything does.</summary>
internal sealed class ProjectionHealth(bool isVital) : IHealthCheck
{
    private volatile HealthReport report = new(null, IsRead: true);

    /// <returns>Whether that is news.</returns>
    public bool Says(string? trouble, bool isRead) => Interlocked.Exchange(ref report, new(trouble, isRead)).Trouble != trouble;

    // Trouble with what the service can do without, or with a version nobody reads yet, is shown; it is no reason to take the service out of use.
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(isVital && report is { Trouble: not null, IsRead: true }
            ? HealthCheckResult.Unhealthy(report.Trouble)
            : HealthCheckResult.Healthy(report.Trouble));

    private sealed record HealthReport(string? Trouble, bool IsRead);
}

/// <summary>Runs one version of a projection whenever its log grows, and again after a while when it could not go on.</summary>
internal sealed partial class ProjectionWorker(
    ProjectionRunner runner, EventFeed log, ProjectionHealth health, TimeProvider time, ILogger<ProjectionWorker> logger) : BackgroundService
{
    private static readonly TimeSpan AtLeastEvery = TimeSpan.FromSeconds(1), PatienceMax = TimeSpan.FromMinutes(1);
    private TimeSpan patience = AtLeastEvery;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => log.Follow(AtLeastEvery, KeepUp, stoppingToken);

    private async Task KeepUp(CancellationToken ct)
    {
        var sentence = "";
        try
        {
            // Whoever else is at work on it may be in trouble, too: only the end of the log says that it is over.
            if (await runner.Run(ct) is not CaughtUp.WithTheLog) return;
            if (health.Says(null, isRead: true)) GoesOn(runner.Projection);
            patience = AtLeastEvery;
            return;
        }
        catch (ProjectionStoppedException e)
        {
            sentence = Failed(e, e.Message, e.ErrorType);
        }
        catch (Exception e) when (e is ProjectionRefusedException or SchemaException)
        {
            sentence = Failed(e, e.Message, e.GetType().Name);
        }
        catch (NpgsqlException e) when (!ct.IsCancellationRequested)
        {
            sentence = Failed(e, $"{runner.Projection} waits for the database: {e.SqlState ?? "no answer"}.", e.SqlState ?? e.GetType().Name);
        }
        health.Says(sentence, !runner.IsBehind);
        await Task.Delay(patience, time, ct);
        patience = patience * 2 < PatienceMax ? patience * 2 : PatienceMax;
    }

    private string Failed(Exception e, string sentence, string type)
    {
        EventStoreTelemetry.Failed(runner.Projection, type);
        CannotGoOn(runner.Projection, sentence, (e.InnerException ?? e).GetType().Name, patience);
        return sentence;
    }

    [LoggerMessage(LogLevel.Error, "Projection {Projection} cannot go on and is tried again in {Patience}: {Sentence} ({Kind})")]
    private partial void CannotGoOn(Projection projection, string sentence, string kind, TimeSpan patience);

    [LoggerMessage(LogLevel.Information, "Projection {Projection} goes on")]
    private partial void GoesOn(Projection projection);
}
