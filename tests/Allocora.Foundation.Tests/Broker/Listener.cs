using System.Collections.Concurrent;
using Allocora.Messaging;
using Allocora.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Allocora.Foundation.Tests.Broker;

/// <summary>What a queue holds, read with the plain client: the judge of what a publisher says.</summary>
internal sealed class Listener : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private readonly ConcurrentQueue<BasicDeliverEventArgs> received = new();
    private readonly IConnection connection;

    private Listener(IConnection connection, IChannel channel) => (this.connection, Channel) = (connection, channel);

    public IChannel Channel { get; }

    public IReadOnlyList<BasicDeliverEventArgs> Received => [.. received];

    public IReadOnlyList<string> Ids => [.. received.Select(r => r.BasicProperties.MessageId!)];

    public static async Task<Listener> On(Uri address)
    {
        var connection = await new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        return new(connection, await connection.CreateChannelAsync());
    }

    public static async Task Declare(Uri address, QueueDefinition queue)
    {
        await using var listener = await On(address);
        await DeclareTopology.Queue(listener.Channel, queue, CancellationToken.None);
    }

    /// <summary>Takes all there is and all that comes.</summary>
    public static async Task<Listener> To(Uri address, string queue)
    {
        var listener = await On(address);
        await listener.Channel.BasicQosAsync(0, 1000, global: false);
        var consumer = new AsyncEventingBasicConsumer(listener.Channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            listener.received.Enqueue(delivery); // bodies are not looked at later: the client takes their memory back
            return listener.Channel.BasicAckAsync(delivery.DeliveryTag, multiple: false).AsTask();
        };
        await listener.Channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        return listener;
    }

    public static async Task<uint> Count(Uri address, string queue)
    {
        await using var listener = await On(address);
        return (await listener.Channel.QueueDeclarePassiveAsync(queue)).MessageCount;
    }

    /// <summary>Waits until each of the messages was there at least once.</summary>
    public async Task Hears(IEnumerable<OutgoingMessage> all)
    {
        var missing = all.Select(m => m.Id.ToString()).ToHashSet();
        var looked = 0;
        await Eventually.Sees(() =>
        {
            foreach (var id in received.Skip(looked).Select(r => r.BasicProperties.MessageId!))
            {
                missing.Remove(id);
                looked++;
            }
            return missing.Count;
        }, count => count == 0, Deadline);
    }

    public async ValueTask DisposeAsync() => await connection.DisposeAsync();
}
