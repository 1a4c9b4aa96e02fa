using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Allocora.Messaging;

/// <summary>The message broker a service works with.</summary>
public static class Broker
{
    /// <summary>The keys of the two connections a service has: a broker short of memory stops those that publish, and only those.</summary>
    public const string Consuming = "consume", Publishing = "publish";

    /// <summary>Registers both connections under the name of their connection string and makes readiness depend on them.</summary>
    public static IHostApplicationBuilder AddBroker(this IHostApplicationBuilder builder, string name, string service)
    {
        var factory = new ConnectionFactory
        {
            // Channels and consumers have to be set up again by whoever owns them, so the client must not do half of it.
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(5),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
        };
        Direct(factory, builder.Configuration, name);
        builder.Services.AddSingleton(factory);
        foreach (var purpose in new[] { Consuming, Publishing })
        {
            builder.Services.AddKeyedSingleton(purpose, (provider, _) => ActivatorUtilities.CreateInstance<BrokerConnection>(provider, $"{service} {purpose}"));
            builder.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<BrokerConnection>(purpose));
        }
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(name, provider => new Answers(provider), HealthStatus.Unhealthy, tags: null));
        return builder;
    }

    private static void Direct(ConnectionFactory factory, IConfiguration configuration, string name)
    {
        var key = $"ConnectionStrings__{name}";
        var text = configuration.GetConnectionString(name);
        if (string.IsNullOrWhiteSpace(text)) throw Invalid(key, "is missing");
        try
        {
            factory.Uri = new(text);
        }
        catch (Exception e) when (e is ArgumentException or UriFormatException)
        {
            // Either message may quote the text, password included.
            throw Invalid(key, "is not a RabbitMQ address");
        }
    }

    private static OptionsValidationException Invalid(string key, string what) =>
        new(key, typeof(string), [$"{key} {what}; give it as amqp://user:password@host:port/."]);

    private sealed class Answers(IServiceProvider provider) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            var reason = new[] { Consuming, Publishing }
                .Select(purpose => provider.GetRequiredKeyedService<BrokerConnection>(purpose).WaitingBecause).FirstOrDefault(r => r is not null);
            return Task.FromResult(reason is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(reason));
        }
    }
}
