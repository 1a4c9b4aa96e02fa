using System.Collections.Concurrent;
using System.Text;
using Allocora.Contracts.Messages;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Allocora.Ledger.Tests.Telling;

/// <summary>A queue as a stranger has it, and all that arrived in it: the plain client and nothing of ours but names.</summary>
internal sealed class RevenueQueue : IAsyncDisposable
{
    private readonly IConnection connection;
    private readonly ConcurrentQueue<Arrived> arrived = new();

    private RevenueQueue(IConnection connection) => this.connection = connection;

    public IReadOnlyList<Arrived> Messages => [.. arrived];

    public IReadOnlyList<string> Ids => [.. arrived.Select(m => m.Id)];

    /// <param name="binding">Null for a queue that hears nothing of itself.</param>
    public static async Task<RevenueQueue> Open(Uri broker, string name, string? binding)
    {
        var queue = new RevenueQueue(await new ConnectionFactory { Uri = broker }.CreateConnectionAsync());
        var channel = await queue.connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(Exchanges.Events, ExchangeType.Topic, durable: true);
        await channel.QueueDeclareAsync(
            name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        if (binding is not null) await channel.QueueBindAsync(name, Exchanges.Events, binding);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, e) =>
        {
            queue.arrived.Enqueue(new(
                e.BasicProperties.MessageId!, e.BasicProperties.Type!, e.RoutingKey, Encoding.UTF8.GetString(e.Body.Span),
                e.BasicProperties.Headers!.ToDictionary(h => h.Key, h => h.Value is byte[] text ? Encoding.UTF8.GetString(text) : $"{h.Value}")));
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync(name, autoAck: true, consumer);
        return queue;
    }

    /// <summary>Takes an exchange off the broker, as if it had lost it.</summary>
    public async Task Forget(string exchange)
    {
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeleteAsync(exchange);
    }

    /// <summary>How many listen to a queue of somebody's; it throws while there is none of that name.</summary>
    public async Task<uint> ListenersOf(string queue, CancellationToken ct)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
        return (await channel.QueueDeclarePassiveAsync(queue, ct)).ConsumerCount;
    }

    public async ValueTask DisposeAsync() => await connection.DisposeAsync();

    internal sealed record Arrived(string Id, string Type, string RoutingKey, string Body, IReadOnlyDictionary<string, string> Headers);
}
