using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Allocora.Connector.Tests;

/// <summary>The queue the Ledger has, and all that arrived in it.</summary>
internal sealed class IngestQueue : IAsyncDisposable
{
    private static readonly QueueDefinition Definition = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger]);
    private readonly IConnection connection;
    private readonly IChannel channel;

    private IngestQueue(IConnection connection, IChannel channel) => (this.connection, this.channel) = (connection, channel);

    public ConcurrentQueue<Arrived> Messages { get; } = new();

    public IEnumerable<Arrived> Named(string name) => Messages.Where(m => m.Name == name);

    /// <param name="ledger">Is told of the ends of runs, as the Ledger would write them down.</param>
    public static async Task<IngestQueue> Open(TestVhost vhost, LedgerLog? ledger = null)
    {
        var connection = await new ConnectionFactory { Uri = vhost.Address }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync();
        await DeclareTopology.Queue(channel, Definition, CancellationToken.None);
        var queue = new IngestQueue(connection, channel);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, e) =>
        {
            var arrived = new Arrived(e.BasicProperties.MessageId!, e.BasicProperties.Type!["com.allocora.".Length..], e.Body.ToArray())
            {
                Headers = string.Join(' ', (e.BasicProperties.Headers ?? new Dictionary<string, object?>()).Select(h => $"{h.Key}={Text(h.Value)}")),
            };
            queue.Messages.Enqueue(arrived);
            if (ledger is not null && arrived.Name == PaddleRunEnded.Name) await ledger.Take(RunningConnector.Workspace, arrived.Body);
        };
        await channel.BasicConsumeAsync(Queues.LedgerIngest, autoAck: true, consumer);
        return queue;
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private static string? Text(object? header) => header is byte[] bytes ? Encoding.UTF8.GetString(bytes) : $"{header}";

    internal sealed record Arrived(string Id, string Name, byte[] Body)
    {
        public string Headers { get; init; } = "";

        public long At { get; } = TimeProvider.System.GetTimestamp();

        public JsonNode Json => JsonNode.Parse(Body)!;
    }
}
