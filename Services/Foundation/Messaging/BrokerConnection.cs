using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Messaging;

/// <summary>The one connection a service has to RabbitMQ. It is opened again for as long as the service runs.</summary>
public sealed partial class BrokerConnection(ConnectionFactory factory, TimeProvider time, ILogger<BrokerConnection> logger)
    : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(200), RetryDelayMax = TimeSpan.FromSeconds(5);
    private volatile IConnection? open;
    private volatile string waitingBecause = "RabbitMQ has not answered yet.";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(open is { IsOpen: true } ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(waitingBecause));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delay = RetryDelayMin;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await factory.CreateConnectionAsync(stoppingToken);
                Connected();
                var opened = time.GetTimestamp();
                var reason = await Shutdown(connection, stoppingToken);
                // A broker that lets us in and closes at once (a virtual host that is not there) is not to be hammered.
                if (time.GetElapsedTime(opened) > RetryDelayMax) delay = RetryDelayMin;
                waitingBecause = $"RabbitMQ closed the connection: {reason}.";
                Lost(reason);
            }
            catch (BrokerUnreachableException e)
            {
                var reason = WhyNot(e);
                if (reason != waitingBecause) NotConnected(reason);
                waitingBecause = reason;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            finally
            {
                open = null;
            }
            await Task.Delay(delay * (0.5 + Random.Shared.NextDouble()), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < RetryDelayMax ? delay * 2 : RetryDelayMax;
        }
    }

    /// <summary>Makes the connection usable and returns, with the reason, once it is gone.</summary>
    private async Task<string> Shutdown(IConnection connection, CancellationToken ct)
    {
        var gone = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.ConnectionShutdownAsync += (_, shutdown) =>
        {
            gone.TrySetResult(shutdown.ReplyText);
            return Task.CompletedTask;
        };
        // It may have closed before the handler was there to see it.
        if (connection.CloseReason is { } closed) gone.TrySetResult(closed.ReplyText);
        open = connection;
        return await gone.Task.WaitAsync(ct);
    }

    private static string WhyNot(BrokerUnreachableException e) => e.GetBaseException() switch
    {
        AuthenticationFailureException => "RabbitMQ refuses the user or password.",
        OperationInterruptedException { ShutdownReason: { } shutdown } => $"RabbitMQ refuses the connection: {shutdown.ReplyText}",
        _ => "RabbitMQ does not answer.",
    };

    [LoggerMessage(LogLevel.Information, "Connected to RabbitMQ")]
    private partial void Connected();

    [LoggerMessage(LogLevel.Warning, "The connection to RabbitMQ is gone: {Reason}")]
    private partial void Lost(string reason);

    [LoggerMessage(LogLevel.Warning, "Not connected to RabbitMQ, trying again: {Reason}")]
    private partial void NotConnected(string reason);
}

public static class Broker
{
    /// <summary>Registers the connection under the name of its connection string and makes readiness depend on it.</summary>
    public static IHostApplicationBuilder AddBroker(this IHostApplicationBuilder builder, string name, string service)
    {
        var factory = new ConnectionFactory
        {
            ClientProvidedName = service,
            // Channels and consumers have to be set up again by whoever owns them, so the client must not do half of it.
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(5),
            RequestedConnectionTimeout = TimeSpan.FromSeconds(5),
        };
        Direct(factory, builder.Configuration, name);
        builder.Services.AddSingleton(factory);
        builder.Services.AddSingleton<BrokerConnection>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<BrokerConnection>());
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(name,
            provider => provider.GetRequiredService<BrokerConnection>(), HealthStatus.Unhealthy, tags: null));
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
}
