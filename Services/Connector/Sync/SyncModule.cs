using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Connector;

internal static class SyncModule
{
    public static void AddSync(this WebApplicationBuilder builder)
    {
        builder.Services.AddValidated<SyncOptions>("Sync");
        builder.AddPublisher("connector", Destination.Ingest);
        builder.Services.AddSingleton(provider => new RunSync(
            Worker(provider), provider.GetRequiredService<PaddleClient>(), provider.GetRequiredService<IOptions<PaddleOptions>>().Value,
            provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHostedService(provider => new SyncWorker(
            Worker(provider), provider.GetRequiredService<RunSync>(), provider.GetRequiredService<OpenKey>(), provider.GetRequiredService<StopSource>(),
            provider.GetRequiredService<IOptions<SyncOptions>>().Value, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<SyncWorker>>()));
        builder.Services.AddHostedService(provider => new ReadHints(
            Worker(provider), provider.GetRequiredService<PaddleClient>(), provider.GetRequiredService<IOptions<PaddleOptions>>().Value,
            provider.GetRequiredService<OpenKey>(), provider.GetRequiredService<StopSource>(), provider.GetRequiredService<IOptions<SyncOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ReadHints>>()));
        builder.Services.AddSingleton(provider => new OutboxRelay(
            Worker(provider), provider.GetRequiredKeyedService<BrokerConnection>(Broker.Publishing),
            provider.GetRequiredKeyedService<Publisher>(Exchanges.Ingest), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<OutboxRelay>>()));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<OutboxRelay>());
        builder.Services.AddHostedService(provider => new SettleRuns(
            Worker(provider), provider.GetRequiredKeyedService<NpgsqlDataSource>("ledger_tail"), provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            "outbox", provider => new GoesOut(provider.GetRequiredService<OutboxRelay>()), HealthStatus.Unhealthy, tags: null));
    }

    public static void MapSync(this IEndpointRouteBuilder routes)
    {
        routes.MapRequestSync();
        routes.MapCancelRun();
        routes.MapReadRuns();
        routes.MapReadRunRows();
        routes.MapFollowRun();
    }

    private static NpgsqlDataSource Worker(IServiceProvider provider) => provider.GetRequiredKeyedService<NpgsqlDataSource>("connector_worker");

    private sealed class GoesOut(OutboxRelay relay) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(relay.StoppedBecause is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
    }
}
