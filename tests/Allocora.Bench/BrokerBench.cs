using System.Text;
using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Allocora.Bench;

/// <summary>How fast messages go through a quorum queue and become committed events.</summary>
internal static class BrokerBench
{
    private const int Messages = 20_000, Window = 500, Prefetch = 200;
    private static readonly QueueDefinition Queue = new("bench", "bench", ["bench"], SingleActiveConsumer: true);
    private static readonly byte[] Body = Encoding.UTF8.GetBytes($$"""{"Total":{"Amount":"1999","Currency":"USD"},"Padding":"{{new string('x', 640)}}"}""");

    public static async Task<IReadOnlyList<Figure>> Run()
    {
        await using var log = await LogDatabase.Create();
        await using var vhost = await TestVhost.Create();
        await using var connection = await new ConnectionFactory { Uri = vhost.Address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(new(true, true, outstandingPublisherConfirmationsRateLimiter: null));
        await DeclareTopology.Queue(channel, Queue, CancellationToken.None);
        return
        [
            await Figure.Measure("published, queued, committed as an event", "msg/s", Messages, 0.4,
                () => Task.WhenAll(Publish(channel), Consume(connection)), () => Task.WhenAll(Publish(channel), Commit(log, vhost.Address))),
        ];
    }

    private static async Task Publish(IChannel channel)
    {
        for (var window = 0; window < Messages / Window; window++)
        {
            var messages = Enumerable.Range(0, Window).Select(_ =>
                new BasicProperties { MessageId = $"{Guid.CreateVersion7()}", Type = "bench", Persistent = true });
            await Task.WhenAll(messages.Select(m => channel.BasicPublishAsync(Queue.Exchange, "bench", true, m, Body).AsTask()));
        }
    }

    // The client's own consumer, acknowledging as we do: a whole window with one frame, which is faster than each by itself.
    private static async Task Consume(IConnection connection)
    {
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, Prefetch, global: false);
        var (seen, all) = (0, new TaskCompletionSource());
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            if (++seen % (Prefetch / 2) == 0) await channel.BasicAckAsync(delivery.DeliveryTag, multiple: true);
            if (seen == Messages) all.SetResult();
        };
        await channel.BasicConsumeAsync(Queue.Name, autoAck: false, consumer);
        await all.Task;
    }

    private static async Task Commit(LogDatabase log, Uri broker)
    {
        var (done, all) = (0, new TaskCompletionSource());
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:probe"] = log.AddressOf("probe_app");
        builder.Configuration["ConnectionStrings:probe_worker"] = log.AddressOf("probe_worker");
        builder.Configuration["ConnectionStrings:rabbitmq"] = broker.ToString();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddDatabase(LogDatabase.Schema).AddBroker("rabbitmq", "bench").AddConsumer(new(Queue), _ => async (batch, ct) =>
        {
            var answers = await log.Log.Append([.. batch.Select(EntryOf)], ct);
            if ((done += batch.Count) >= Messages) all.TrySetResult();
            return [.. answers.Select(a => a.Outcome == Outcome.Duplicate ? Verdict.Duplicate : Verdict.Done)];
        });
        using var host = builder.Build();
        await host.StartAsync();
        await all.Task;
        await host.StopAsync();
    }

    private static Entry EntryOf(Received message) => new("ws_bench", $"paddle-live-{message.Id}", $"paddle/live/{message.Id}/a", null,
        [new(Guid.Parse(message.Id), "transaction_recorded", "Bench", Encoding.UTF8.GetString(message.Body.Span), DateTimeOffset.UnixEpoch)]);
}
