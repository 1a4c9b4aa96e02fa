using System.Text;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;

namespace Allocora.Bench;

/// <summary>How fast messages get out when each of them is confirmed by a quorum queue.</summary>
internal static class PublishBench
{
    private const int Count = 20_000;
    private static readonly byte[] Body = Encoding.UTF8.GetBytes($$"""{"padding":"{{new string('x', 640)}}"}""");
    private static readonly QueueDefinition Queue = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger], LengthMax: 10_000_000);

    public static async Task<IReadOnlyList<Figure>> Run()
    {
        await using var vhost = await TestVhost.Create();
        await using var connection = await new ConnectionFactory { Uri = vhost.Address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, publisherConfirmationTrackingEnabled: false));
        await DeclareTopology.Queue(channel, Queue, CancellationToken.None);
        await using var raw = new Raw(channel);

        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Configuration["ConnectionStrings:rabbitmq"] = $"{vhost.Address}";
        builder.AddBroker("rabbitmq", "bench").AddPublisher("bench", Destination.Ingest);
        using var host = builder.Build();
        await host.StartAsync();
        var publisher = host.Services.GetRequiredKeyedService<Publisher>(Exchanges.Ingest);
        var figure = await Figure.Measure(
            "publish to a quorum queue, confirmed", "msg/s", Count, 0.70, Emptied(channel, raw.Publish), Emptied(channel, Publish));
        await host.StopAsync();
        return [figure];

        async Task Publish()
        {
            for (var page = 0; page < Count; page += 2_000) await publisher.Publish([.. Enumerable.Range(0, 2_000).Select(_ => Message())], default);
        }
    }

    private static OutgoingMessage Message() => new(Guid.CreateVersion7(), "ws_bench", "paddle.transaction.seen.v1", Body, DateTimeOffset.UnixEpoch)
    {
        Sequence = 1,
        Subject = "txn_01hv8wptq8987qeep44cyrewp9",
    };

    // A long queue slows the broker down for whoever comes second.
    private static Func<Task> Emptied(IChannel channel, Func<Task> work) => async () =>
    {
        await work();
        await channel.QueuePurgeAsync(Queues.LedgerIngest);
    };

    /// <summary>The plain client: the same bytes, made once, and no more than 500 unconfirmed.</summary>
    private sealed class Raw : IAsyncDisposable
    {
        private static readonly BasicProperties Properties = new()
        {
            MessageId = $"{Guid.CreateVersion7()}",
            Type = "com.allocora.paddle.transaction.seen.v1",
            ContentType = "application/json",
            DeliveryMode = DeliveryModes.Persistent,
            AppId = "bench",
            Headers = new Dictionary<string, object?>
            {
                ["cloudEvents_specversion"] = "1.0",
                ["cloudEvents_id"] = $"{Guid.CreateVersion7()}",
                ["cloudEvents_type"] = "com.allocora.paddle.transaction.seen.v1",
                ["cloudEvents_source"] = "/workspaces/ws_bench/bench",
                ["cloudEvents_time"] = "1970-01-01T00:00:00.000000Z",
                ["cloudEvents_recordedtime"] = "1970-01-01T00:00:00.000000Z",
                ["cloudEvents_datacontenttype"] = "application/json",
                ["cloudEvents_sequence"] = "0000000000000000001",
                ["cloudEvents_subject"] = "txn_01hv8wptq8987qeep44cyrewp9",
                ["tenant-id"] = "ws_bench",
                ["sent-at"] = "1970-01-01T00:00:00.000000Z",
            },
        };

        private readonly IChannel channel;
        private readonly SemaphoreSlim room = new(500);
        private TaskCompletionSource done = new();
        private ulong answered, wanted;

        public Raw(IChannel channel)
        {
            this.channel = channel;
            channel.BasicAcksAsync += (_, e) =>
            {
                var answers = e.Multiple ? e.DeliveryTag - answered : 1;
                answered += answers;
                room.Release((int)answers);
                if (answered == wanted) done.SetResult();
                return Task.CompletedTask;
            };
        }

        public async Task Publish()
        {
            wanted += Count;
            done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            for (var i = 0; i < Count; i++)
            {
                await room.WaitAsync();
                await channel.BasicPublishAsync(Exchanges.Ingest, Queues.ToLedger, mandatory: true, Properties, Body);
            }
            await done.Task;
        }

        public ValueTask DisposeAsync()
        {
            room.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
