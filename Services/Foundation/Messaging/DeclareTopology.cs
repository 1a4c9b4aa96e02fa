using Allocora.Contracts.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Messaging;

/// <summary>A queue as it has to be on the broker, and what is to arrive in it.</summary>
/// <param name="DeliveryLimit">A backstop behind the consumer's own judgement: a crash counts against every message it had fetched.</param>
/// <param name="LengthMax">Beyond it publishers are refused; nothing that was taken is dropped.</param>
public sealed record QueueDefinition(
    string Name, string Exchange, IReadOnlyList<string> RoutingKeys, bool SingleActiveConsumer = false, int DeliveryLimit = 50, int LengthMax = 200_000);

/// <summary>What is on the broker is not what this program declares. Time does not heal it; an operator has to.</summary>
public sealed class TopologyException(string message, Exception inner) : Exception(message, inner);

/// <summary>Declares exchanges, queues and bindings; publishers and consumers both come here, whoever is first makes them.</summary>
public static class DeclareTopology
{
    private const ushort PreconditionFailed = 406;

    public static async Task Exchange(IChannel channel, string exchange, CancellationToken ct)
    {
        var kind = exchange == Exchanges.Events ? ExchangeType.Topic : ExchangeType.Direct;
        try
        {
            await channel.ExchangeDeclareAsync(exchange, kind, durable: true, cancellationToken: ct);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == PreconditionFailed)
        {
            throw Differs("exchange", exchange, e);
        }
    }

    /// <summary>Declares a queue with its exchange, its bindings and the queue its dead letters go to. The channel is closed when it throws.</summary>
    public static async Task Queue(IChannel channel, QueueDefinition queue, CancellationToken ct)
    {
        await Exchange(channel, Exchanges.DeadLetters, ct);
        var dead = Queues.DeadLettersOf(queue.Name);
        await Declare(channel, dead, new() { ["x-queue-type"] = "quorum" }, ct);
        await channel.QueueBindAsync(dead, Exchanges.DeadLetters, queue.Name, cancellationToken: ct);

        await Exchange(channel, queue.Exchange, ct);
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = queue.DeliveryLimit,
            ["x-max-length"] = queue.LengthMax,
            // At least once needs it: a dead letter that cannot be moved stays where it is.
            ["x-overflow"] = "reject-publish",
            ["x-dead-letter-exchange"] = Exchanges.DeadLetters,
            ["x-dead-letter-routing-key"] = queue.Name,
            ["x-dead-letter-strategy"] = "at-least-once",
        };
        if (queue.SingleActiveConsumer) arguments["x-single-active-consumer"] = true;
        await Declare(channel, queue.Name, arguments, ct);
        foreach (var key in queue.RoutingKeys) await channel.QueueBindAsync(queue.Name, queue.Exchange, key, cancellationToken: ct);
    }

    private static async Task Declare(IChannel channel, string queue, Dictionary<string, object?> arguments, CancellationToken ct)
    {
        try
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: ct);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == PreconditionFailed)
        {
            throw Differs("queue", queue, e);
        }
    }

    private static TopologyException Differs(string what, string name, OperationInterruptedException e) => new(
        $"The {what} {name} on the broker is not the one this program declares; drain and delete it there."
        + $" RabbitMQ answers: {e.ShutdownReason!.ReplyText}.", e);
}
