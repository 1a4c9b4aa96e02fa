using Allocora.EventStore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Allocora.Messaging;

/// <summary>What a service says to others; it needs <see cref="Broker.AddBroker"/>.</summary>
public static class Publishing
{
    /// <summary>Registers a publisher under the exchange's name. Readiness tells what keeps its messages back.</summary>
    public static IHostApplicationBuilder AddPublisher(this IHostApplicationBuilder builder, string service, Destination to)
    {
        if (builder.Services.Any(s => s.ServiceType == typeof(Publisher) && to.Exchange.Equals(s.ServiceKey))) return builder; // a relay asked for it too
        builder.Services.AddKeyedSingleton(to.Exchange, (provider, _) => new Publisher(
            provider.GetRequiredKeyedService<BrokerConnection>(Broker.Publishing), to, service,
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Publisher>>()));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration($"messages to {to.Exchange}",
            provider => new GetOut(provider.GetRequiredKeyedService<Publisher>(to.Exchange)), HealthStatus.Unhealthy, tags: null));
        return builder;
    }

    /// <summary>Publishes what the service's log says, for as long as the service runs.</summary>
    /// <param name="messagesOf">What an event says to others, often nothing. Asked again about the same event, it gives the same ids.</param>
    public static IHostApplicationBuilder AddRelay(
        this IHostApplicationBuilder builder, string service, Destination to, Func<StoredEvent, IEnumerable<OutgoingMessage>> messagesOf)
    {
        builder.AddPublisher(service, to);
        builder.Services.AddKeyedSingleton(to.Exchange, (provider, _) => new Relay(
            service, to, messagesOf, provider.GetRequiredKeyedService<NpgsqlDataSource>($"{service}_worker"),
            provider.GetRequiredKeyedService<BrokerConnection>(Broker.Publishing), provider.GetRequiredKeyedService<Publisher>(to.Exchange),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Relay>>()));
        builder.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<Relay>(to.Exchange));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration($"relay to {to.Exchange}",
            provider => new GoesOn(provider.GetRequiredKeyedService<Relay>(to.Exchange)), HealthStatus.Unhealthy, tags: null));
        return builder;
    }

    private sealed class GoesOn(Relay relay) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(relay.StoppedBecause is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
    }

    private sealed class GetOut(Publisher publisher) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(publisher.WaitingBecause is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
    }
}
