using System.Text;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Allocora.AppHost.Tests;

/// <summary>With the user that is made for it.</summary>
public sealed class Each_service_on_the_broker : IAsyncLifetime
{
    private const ushort AccessRefused = 403;
    private static readonly CreateChannelOptions Confirmed = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true);
    private static readonly QueueDefinition LedgerQueue = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger], SingleActiveConsumer: true);
    private readonly string run = $"{Guid.NewGuid():N}";
    private readonly List<string> users = [];
    private TestVhost vhost = null!;
    private BrokerUsers broker = null!;

    public async Task InitializeAsync()
    {
        vhost = await TestVhost.Create();
        broker = new((await TestServers.Get()).Management, vhost.Name);
        await As("ledger", channel => DeclareTopology.Queue(channel, LedgerQueue, default));
        await As("ledger", channel => DeclareTopology.Exchange(channel, Exchanges.Events, default));
    }

    public async Task DisposeAsync()
    {
        foreach (var user in users) await vhost.DeleteUser(user);
        broker.Dispose();
        await vhost.DisposeAsync();
    }

    [Fact]
    public async Task The_Connector_tells_the_Ledger_what_it_saw_and_the_Ledger_hears_it()
    {
        await As("connector", async channel =>
        {
            await DeclareTopology.Exchange(channel, Exchanges.Ingest, default);
            await channel.ExchangeDeclareAsync("allocora.mark.connector.allocora.ingest", ExchangeType.Fanout, durable: true);
            await channel.BasicPublishAsync(Exchanges.Ingest, Queues.ToLedger, mandatory: true, "{}"u8.ToArray());
        });

        await As("ledger", async channel =>
        {
            var heard = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += (_, delivery) =>
            {
                heard.TrySetResult(Encoding.UTF8.GetString(delivery.Body.Span));
                return channel.BasicAckAsync(delivery.DeliveryTag, multiple: false).AsTask();
            };
            await channel.BasicConsumeAsync(Queues.LedgerIngest, autoAck: false, consumer);
            Assert.Equal("{}", await heard.Task.WaitAsync(TimeSpan.FromSeconds(60)));
        });
    }

    [Theory]
    [InlineData("ledger", "ws_one.revenue.transaction.recorded.v1")]
    [InlineData("ledger", "ws_one.reconciliation.completed.v1")]
    [InlineData("calculation", "ws_one.calculation.run.approved.v1")]
    [InlineData("calculation", "ws_one.payout.line.finalised.v1")]
    [InlineData("statements", "ws_one.statement.issued.v1")]
    [InlineData("statements", "ws_one.payout.batch.returned.v1")]
    public async Task Says_what_is_its_own_to_the_world(string service, string key)
    {
        await using var subscriber = await new ConnectionFactory { Uri = vhost.Address }.CreateConnectionAsync();
        await using var queue = await subscriber.CreateChannelAsync();
        await queue.QueueDeclareAsync("subscriber", durable: false, exclusive: false, autoDelete: false);
        await queue.QueueBindAsync("subscriber", Exchanges.Events, key);

        await As(service, async channel =>
        {
            await DeclareTopology.Exchange(channel, Exchanges.Events, default);
            await channel.ExchangeDeclareAsync($"allocora.mark.{service}.allocora.events", ExchangeType.Fanout, durable: true);
            await channel.BasicPublishAsync(Exchanges.Events, key, mandatory: true, "{}"u8.ToArray());
        });

        Assert.Equal(1u, (await queue.QueueDeclarePassiveAsync("subscriber")).MessageCount);
    }

    [Theory]
    [InlineData("connector", "ws_one.revenue.transaction.recorded.v1")]
    [InlineData("ledger", "ws_one.statement.issued.v1")]
    [InlineData("ledger", "ws_one.payout.batch.released.v1")]
    [InlineData("calculation", "ws_one.revenue.transaction.recorded.v1")]
    [InlineData("calculation", "ws_one.payout.batch.released.v1")]
    [InlineData("statements", "ws_one.payout.line.finalised.v1")]
    [InlineData("statements", "ws_one.x.revenue.transaction.recorded.v1")]
    public Task Cannot_say_what_another_has_to_say(string service, string key) =>
        Refused(service, channel => channel.BasicPublishAsync(Exchanges.Events, key, "{}"u8.ToArray()).AsTask());

    [Theory]
    [InlineData("ledger")]
    [InlineData("calculation")]
    [InlineData("statements")]
    public Task Cannot_tell_the_Ledger_what_only_the_Connector_sees(string service) =>
        Refused(service, channel => channel.BasicPublishAsync(Exchanges.Ingest, Queues.ToLedger, "{}"u8.ToArray()).AsTask());

    [Theory]
    [InlineData("connector")]
    [InlineData("calculation")]
    [InlineData("statements")]
    public async Task Cannot_touch_the_queue_of_the_Ledger(string service)
    {
        await Refused(service, channel => channel.BasicGetAsync(Queues.LedgerIngest, autoAck: true));
        await Refused(service, channel => channel.QueuePurgeAsync(Queues.LedgerIngest));
        await Refused(service, channel => channel.QueueDeleteAsync(Queues.LedgerIngest));
        await Refused(service, channel => channel.BasicPublishAsync("", Queues.LedgerIngest, "{}"u8.ToArray()).AsTask());
    }

    [Theory]
    [InlineData("connector")]
    [InlineData("calculation")]
    [InlineData("statements")]
    public Task Cannot_listen_to_what_is_meant_for_another(string service) => Refused(service, async channel =>
    {
        await channel.QueueDeclareAsync($"{service}.ear", durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync($"{service}.ear", Exchanges.Ingest, Queues.ToLedger);
    });

    [Fact]
    public async Task Cannot_remove_the_mark_of_another() =>
        await Refused("connector", channel => channel.ExchangeDeleteAsync("allocora.mark.ledger.allocora.events"));

    [Fact]
    public void Of_whom_nothing_is_decided_gets_no_user() => Assert.Throws<StartFailure>(() => BrokerUsers.RightsOf("newcomer"));

    private async Task Refused(string service, Func<IChannel, Task> deed) => Assert.Equal(
        AccessRefused, (await Assert.ThrowsAnyAsync<OperationInterruptedException>(() => As(service, deed))).ShutdownReason!.ReplyCode);

    private async Task As(string service, Func<IChannel, Task> deed)
    {
        var user = $"{service}-{run}";
        if (!users.Contains(user))
        {
            users.Add(user);
            await broker.Make(service, user, "secret", default);
        }
        var address = new UriBuilder(vhost.Address) { UserName = user, Password = "secret" }.Uri;
        await using var connection = await new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync(Confirmed);
        await deed(channel);
    }
}
