using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Messaging;

/// <summary>A connection to RabbitMQ that is opened again for as long as the service runs.</summary>
public sealed partial class BrokerConnection(ConnectionFactory factory, string name, TimeProvider time, ILogger<BrokerConnection> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryDelayMin = TimeSpan.FromMilliseconds(200), RetryDelayMax = TimeSpan.FromSeconds(5);
    private volatile TaskCompletionSource<IConnection> open = Pending();
    private volatile TaskCompletionSource unblocked = Free();
    private volatile string waitingBecause = "RabbitMQ has not answered yet.";
    private volatile string? blockedBecause;

    /// <summary>Why it cannot be used now; null when it can.</summary>
    public string? WaitingBecause => open.Task is { IsCompletedSuccessfully: true, Result.IsOpen: true } ? blockedBecause : waitingBecause;

    /// <summary>Whether the broker takes no messages from us until it has memory and disk again.</summary>
    public bool IsBlocked => blockedBecause is not null;

    /// <summary>The connection, as soon as there is one. It may close at any time: whoever uses it comes back here then.</summary>
    public Task<IConnection> Opened(CancellationToken ct) => open.Task.WaitAsync(ct);

    /// <summary>Returns when the broker takes messages again, or the connection is gone.</summary>
    public Task Unblocked(CancellationToken ct) => unblocked.Task.WaitAsync(ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var delay = RetryDelayMin;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await factory.CreateConnectionAsync(name, stoppingToken);
                Connected(name);
                var opened = time.GetTimestamp();
                var reason = await Shutdown(connection, stoppingToken);
                // A broker that lets us in and closes at once (a virtual host that is not there) is not to be hammered.
                if (time.GetElapsedTime(opened) > RetryDelayMax) delay = RetryDelayMin;
                waitingBecause = $"RabbitMQ closed the connection: {reason}.";
                Lost(name, reason);
            }
            catch (BrokerUnreachableException e)
            {
                var reason = WhyNot(e);
                if (reason != waitingBecause) NotConnected(name, reason);
                waitingBecause = reason;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
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
        connection.ConnectionBlockedAsync += (_, blocked) => Block(blocked.Reason);
        connection.ConnectionUnblockedAsync += (_, _) => Unblock();
        // It may have closed before the handler was there to see it.
        if (connection.CloseReason is { } closed) gone.TrySetResult(closed.ReplyText);
        open.SetResult(connection);
        try
        {
            return await gone.Task.WaitAsync(ct);
        }
        finally
        {
            open = Pending();
            await Unblock();
        }
    }

    private Task Block(string reason)
    {
        unblocked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        blockedBecause = $"RabbitMQ takes no messages: {reason}.";
        Blocked(name, reason);
        return Task.CompletedTask;
    }

    private Task Unblock()
    {
        blockedBecause = null;
        if (unblocked.TrySetResult()) TakesAgain(name);
        return Task.CompletedTask;
    }

    private static TaskCompletionSource Free()
    {
        var free = new TaskCompletionSource();
        free.SetResult();
        return free;
    }

    private static TaskCompletionSource<IConnection> Pending() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static string WhyNot(BrokerUnreachableException e) => e.GetBaseException() switch
    {
        AuthenticationFailureException => "RabbitMQ refuses the user or password.",
        OperationInterruptedException { ShutdownReason: { } shutdown } => $"RabbitMQ refuses the connection: {shutdown.ReplyText}",
        _ => "RabbitMQ does not answer.",
    };

    [LoggerMessage(LogLevel.Information, "{Connection} is connected to RabbitMQ")]
    private partial void Connected(string connection);

    [LoggerMessage(LogLevel.Warning, "The connection of {Connection} to RabbitMQ is gone: {Reason}")]
    private partial void Lost(string connection, string reason);

    [LoggerMessage(LogLevel.Warning, "RabbitMQ takes no messages from {Connection}: {Reason}")]
    private partial void Blocked(string connection, string reason);

    [LoggerMessage(LogLevel.Information, "{Connection} may publish to RabbitMQ again")]
    private partial void TakesAgain(string connection);

    [LoggerMessage(LogLevel.Warning, "{Connection} is not connected to RabbitMQ, trying again: {Reason}")]
    private partial void NotConnected(string connection, string reason);
}
