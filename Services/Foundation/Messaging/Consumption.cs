using Allocora.EventStore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Allocora.Messaging;

/// <summary>Which queue a service takes from, and in what portions.</summary>
public sealed record Consumption(QueueDefinition Queue)
{
    /// <summary>How many messages the broker hands out before the first of them is acknowledged: the next batch arrives while one is handled.</summary>
    public ushort Prefetch { get; init; } = 1000;

    public int BatchMax { get; init; } = 500;

    /// <summary>How long the first message of a batch waits for others.</summary>
    public TimeSpan BatchWait { get; init; } = TimeSpan.FromMilliseconds(5);
}

public static class Consuming
{
    /// <summary>
    /// Takes from a queue for as long as the service runs. It needs the service's database and broker, added before it; what
    /// cannot be handled is kept in the database, and readiness says why when nothing is taken.
    /// </summary>
    public static IHostApplicationBuilder AddConsumer(
        this IHostApplicationBuilder builder, Consumption consumption, Func<IServiceProvider, BatchHandler> handler)
    {
        var queue = consumption.Queue.Name;
        builder.Services.AddKeyedSingleton(queue, (provider, _) =>
        {
            var worker = provider.GetRequiredKeyedService<NpgsqlDataSource>($"{provider.GetRequiredService<ServiceSchema>().Service}_worker");
            var time = provider.GetRequiredService<TimeProvider>();
            var (attempts, deadLetters) = (new Attempts(queue, worker, time), new DeadLetterBox(queue, worker, time));
            var consumer = ActivatorUtilities.CreateInstance<Consumer>(provider, queue, handler(provider), deadLetters, attempts);
            var broker = provider.GetRequiredKeyedService<BrokerConnection>(Broker.Consuming);
            return ActivatorUtilities.CreateInstance<ConsumerHost>(provider, consumption, consumer, deadLetters, attempts, broker, worker);
        });
        builder.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<ConsumerHost>(queue));
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration($"queue {queue}",
            provider => new Answers(provider.GetRequiredKeyedService<ConsumerHost>(queue)), HealthStatus.Unhealthy, tags: null));
        return builder;
    }

    private sealed class Answers(ConsumerHost host) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(host.WaitingBecause is { } reason ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Healthy());
    }
}
