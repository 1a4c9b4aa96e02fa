using System.Diagnostics.Metrics;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using static Allocora.Foundation.Tests.Broker.Speaking;

namespace Allocora.Foundation.Tests.Broker;

public sealed class Publishing_messages : IAsyncLifetime
{
    private TestVhost vhost = null!;
    private IHost host = null!;

    public async Task InitializeAsync()
    {
        vhost = await TestVhost.Create();
        host = Service(vhost.Address);
        await host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
        await vhost.DisposeAsync();
    }

    [Fact]
    public async Task They_arrive_once_and_in_their_order_when_nothing_fails()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        var messages = Messages(TestSize.Of(60_000, 3_000));

        var deliveries = await host.To(Destination.Ingest).Publish(messages, default);

        Assert.All(deliveries, d => Assert.Equal(Delivery.Confirmed, d));
        await using var listener = await Listener.To(vhost.Address, Queues.LedgerIngest);
        await listener.Hears(messages);
        Assert.Equal(messages.Select(m => m.Id.ToString()), listener.Ids);
    }

    [Fact]
    public async Task A_public_event_without_a_subscriber_is_no_fault_and_is_counted()
    {
        var unroutable = 0L;
        using var counting = Counting("allocora.outbox.unroutable", Exchanges.Events, count => Interlocked.Add(ref unroutable, count));
        await using var subscriber = await Listener.On(vhost.Address);
        await host.To(Destination.Events).Publish(Messages(1, "statement.issued.v1"), default); // the exchange is there
        await subscriber.Channel.QueueDeclareAsync("issued", durable: false, exclusive: false, autoDelete: false);
        await subscriber.Channel.QueueBindAsync("issued", Exchanges.Events, "*.statement.#");
        OutgoingMessage[] mixed =
            [.. Messages(600, "statement.issued.v1"), .. Messages(600, "payout.batch.released.v1"), .. Messages(1, "statement.issued.v1")];

        var deliveries = await host.To(Destination.Events).Publish(mixed, default);

        Assert.Equal(mixed.Select(m => m.Name == "statement.issued.v1" ? Delivery.Confirmed : Delivery.Unheard), deliveries);
        Assert.Equal(601u, (await subscriber.Channel.QueueDeclarePassiveAsync("issued")).MessageCount);
        Assert.True(Interlocked.Read(ref unroutable) >= 601, $"{unroutable}");
    }

    [Fact]
    public async Task What_the_Ledger_has_to_get_waits_until_the_Ledger_is_there()
    {
        var messages = Messages(700);
        var publishing = host.To(Destination.Ingest).Publish(messages, default);
        var check = $"messages to {Exchanges.Ingest}";
        await Eventually.Sees(
            ct => Hosts.Check(host, check, ct), seen => seen.Detail == "Nobody has a queue for what is published to allocora.ingest.", Listener.Deadline);
        Assert.False(publishing.IsCompleted);

        await Listener.Declare(vhost.Address, LedgerQueue);

        Assert.All(await publishing.WaitAsync(Listener.Deadline), d => Assert.Equal(Delivery.Confirmed, d));
        Assert.True((await Hosts.Check(host, check)).Ok);
        Assert.Equal(700u, await Listener.Count(vhost.Address, Queues.LedgerIngest));
    }

    [Fact]
    public async Task What_a_full_queue_refuses_is_published_again_when_there_is_room()
    {
        await Listener.Declare(vhost.Address, LedgerQueue with { LengthMax = 50 });
        var messages = Messages(1_200);
        var publishing = host.To(Destination.Ingest).Publish(messages, default);
        await Eventually.Sees(() => host.To(Destination.Ingest).WaitingBecause, why => why == "RabbitMQ refuses messages: a queue is full.", Listener.Deadline);
        Assert.False(publishing.IsCompleted);

        await using var listener = await Listener.To(vhost.Address, Queues.LedgerIngest);

        Assert.All(await publishing.WaitAsync(Listener.Deadline), d => Assert.Equal(Delivery.Confirmed, d));
        await listener.Hears(messages);
    }

    [Fact]
    public async Task Connections_that_are_closed_in_the_middle_cost_duplicates_and_no_message()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        var closings = TestSize.Of(40, 4);
        var connection = host.Services.GetRequiredKeyedService<BrokerConnection>(Allocora.Messaging.Broker.Publishing);
        var open = await vhost.Connections(atLeast: 2);
        using var enough = new CancellationTokenSource();
        var publishing = PublishUntil(enough.Token);

        foreach (var one in open) await vhost.Close(one);
        for (var closed = 1; closed < closings; closed++)
        {
            var before = await connection.Opened(default);
            await Eventually.Sees(_ => Listener.Count(vhost.Address, Queues.LedgerIngest), count => count > 100 * closed, Listener.Deadline);
            await before.AbortAsync();
        }
        await enough.CancelAsync();
        var confirmed = await publishing.WaitAsync(Listener.Deadline);

        await using var listener = await Listener.To(vhost.Address, Queues.LedgerIngest);
        await listener.Hears(confirmed);
        Assert.InRange(listener.Ids.Count, confirmed.Count, confirmed.Count + (500 * (closings + 1)));
    }

    [Fact]
    public async Task An_exchange_that_is_not_ours_is_told_until_somebody_deletes_it()
    {
        await using var stranger = await Listener.On(vhost.Address);
        await stranger.Channel.ExchangeDeclareAsync(Exchanges.Ingest, ExchangeType.Fanout, durable: true);
        var publishing = host.To(Destination.Ingest).Publish(Messages(1), default);
        var (_, detail) = await Eventually.Sees(ct => Hosts.Check(host, $"messages to {Exchanges.Ingest}", ct), seen => !seen.Ok, Listener.Deadline);
        Assert.StartsWith(
            "The exchange allocora.ingest on the broker is not the one this program declares; drain and delete it there.", detail, StringComparison.Ordinal);

        await stranger.Channel.ExchangeDeleteAsync(Exchanges.Ingest);
        await Listener.Declare(vhost.Address, LedgerQueue);

        Assert.Equal([Delivery.Confirmed], await publishing.WaitAsync(Listener.Deadline));
    }

    [Fact]
    public async Task Whoever_is_tired_of_waiting_leaves_nothing_in_the_way_of_the_next()
    {
        using var tired = new CancellationTokenSource();
        var waiting = host.To(Destination.Ingest).Publish(Messages(10), tired.Token);
        await Eventually.Sees(() => host.To(Destination.Ingest).WaitingBecause, why => why is not null, Listener.Deadline);
        await tired.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Null(host.To(Destination.Ingest).WaitingBecause);
        await Listener.Declare(vhost.Address, LedgerQueue);

        Assert.Equal([Delivery.Confirmed], await host.To(Destination.Ingest).Publish(Messages(1), default).WaitAsync(Listener.Deadline));
    }

    /// <summary>Pages one after the other, and afterwards all that was confirmed.</summary>
    private async Task<IReadOnlyList<OutgoingMessage>> PublishUntil(CancellationToken enough)
    {
        var confirmed = new List<OutgoingMessage>();
        while (!enough.IsCancellationRequested)
        {
            var page = Messages(300);
            await host.To(Destination.Ingest).Publish(page, default);
            confirmed.AddRange(page);
        }
        return confirmed;
    }

    private static MeterListener Counting(string instrument, string exchange, Action<long> add)
    {
        var listener = new MeterListener();
        listener.InstrumentPublished = (published, l) =>
        {
            if (published.Name == instrument) l.EnableMeasurementEvents(published);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            foreach (var tag in tags) if (tag.Value as string == exchange) add(value);
        });
        listener.Start();
        return listener;
    }
}
