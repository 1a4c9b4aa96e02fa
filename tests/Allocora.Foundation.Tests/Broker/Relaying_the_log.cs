using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Foundation.Tests.Log;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Allocora.Foundation.Tests.Broker.Speaking;

namespace Allocora.Foundation.Tests.Broker;

public sealed class Relaying_the_log : IAsyncLifetime
{
    private LogDatabase log = null!;
    private TestVhost vhost = null!;

    public async Task InitializeAsync() => (log, vhost) = (await LogDatabase.Create(), await TestVhost.Create());

    public async Task DisposeAsync()
    {
        await vhost.DisposeAsync();
        await log.DisposeAsync();
    }

    [Fact]
    public async Task Everything_is_told_in_the_order_of_the_log_and_once_when_nothing_fails()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        await Append(1_200);
        using var host = await Start();
        await Position(1_200);
        await Append(5);
        await Position(1_205);
        await host.StopAsync();

        await using var listener = await Listener.To(vhost.Address, Queues.LedgerIngest);
        await Hears(listener, 1_205);
        Assert.Equal((await log.Feed.All()).Select(e => e.Id.ToString()), listener.Ids);
    }

    [Fact]
    public async Task It_goes_on_where_it_stood_when_it_is_started_again()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        for (var round = 1; round <= 3; round++)
        {
            await Append(100);
            using var host = await Start();
            await Position(100 * round);
            await host.StopAsync();
        }

        Assert.Equal(300u, await Listener.Count(vhost.Address, Queues.LedgerIngest));
    }

    [Fact]
    public async Task An_event_may_say_nothing_or_several_things()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        await Append(600);
        using var host = await Start(e => Enumerable.Repeat(Said(e), (int)(e.Sequence % 3)));
        await Position(600);

        Assert.Equal(600u, await Listener.Count(vhost.Address, Queues.LedgerIngest));
        await host.StopAsync();
    }

    [Fact]
    public async Task An_event_it_cannot_tell_is_where_it_stops_until_it_can()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        await Append(10);
        using (var host = await Start(e => e.Sequence == 7 ? throw new ArgumentException("secret") : [Said(e)]))
        {
            await Position(6);
            var (_, why) = await Eventually.Sees(ct => Hosts.Check(host, $"relay to {Exchanges.Ingest}", ct), seen => !seen.Ok, Listener.Deadline);
            Assert.Equal("The event transaction_recorded at 7 cannot be told: ArgumentException.", why);
            await host.StopAsync();
        }
        Assert.Equal(6u, await Listener.Count(vhost.Address, Queues.LedgerIngest));

        using var repaired = await Start();
        await Position(10);
        Assert.Equal(10u, await Listener.Count(vhost.Address, Queues.LedgerIngest));
        Assert.True((await Hosts.Check(repaired, $"relay to {Exchanges.Ingest}")).Ok);
        await repaired.StopAsync();
    }

    [Fact]
    public async Task The_position_does_not_pass_what_is_not_confirmed()
    {
        await Append(10);
        using var host = await Start();
        await Eventually.Sees(() => host.To(Destination.Ingest).WaitingBecause, why => why is not null, Listener.Deadline);

        Assert.Equal(0L, await log.Ask("select last_seq_id from mt_event_progression where name = 'relay:allocora.ingest'"));

        await Listener.Declare(vhost.Address, LedgerQueue);
        await Position(10);
        await host.StopAsync();
    }

    [Fact]
    public async Task Whoever_moves_the_position_meanwhile_is_not_overwritten()
    {
        await Append(10);
        using var host = await Start();
        await Eventually.Sees(() => host.To(Destination.Ingest).WaitingBecause, why => why is not null, Listener.Deadline);
        await log.Ask("update mt_event_progression set last_seq_id = 4 where name = 'relay:allocora.ingest'");
        await Listener.Declare(vhost.Address, LedgerQueue);

        await Position(10);

        Assert.True(await Listener.Count(vhost.Address, Queues.LedgerIngest) >= 16, "what comes after 4 is not there again");
        await host.StopAsync();
    }

    [Fact]
    public async Task Rewound_it_tells_again_what_comes_after_the_position()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        await Append(50);
        using var host = await Start();
        await Position(50);

        await host.Services.GetRequiredKeyedService<Relay>(Exchanges.Ingest).Rewind(20, default);

        await Position(50);
        Assert.Equal(80u, await Listener.Count(vhost.Address, Queues.LedgerIngest));
        await host.StopAsync();
    }

    [Fact]
    public async Task Two_at_once_lose_nothing_and_hardly_repeat_themselves()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        using var one = await Start();
        using var two = await Start();
        var rounds = TestSize.Of(400, 20);
        for (var round = 1; round <= rounds; round++) await Append(25);
        await Position(25 * rounds);

        await using var listener = await Listener.To(vhost.Address, Queues.LedgerIngest);
        await Hears(listener, 25 * rounds);
        Assert.Equal(25 * rounds, listener.Ids.Count);
        await one.StopAsync();
        await two.StopAsync();
    }

    [Fact]
    public async Task Where_another_has_the_lock_it_does_nothing()
    {
        await Listener.Declare(vhost.Address, LedgerQueue);
        await using (var other = await log.Worker.OpenConnectionAsync())
        {
            await using var claim = new Npgsql.NpgsqlCommand("select pg_advisory_lock(hashtext('relay:allocora.ingest'))", other);
            await claim.ExecuteNonQueryAsync();
            await Append(10);
            using var host = Waiting();
            await host.StartAsync();
            await host.Services.GetRequiredKeyedService<Relay>(Exchanges.Ingest).Run(default);
            Assert.Equal(0u, await Listener.Count(vhost.Address, Queues.LedgerIngest));
            await host.StopAsync();
        }

        using var next = await Start();
        await Position(10);
        await next.StopAsync();
    }

    private async Task Append(int events) => await log.Log.Append([Make.Entry($"paddle-live-{Guid.CreateVersion7()}", events: events)], default);

    private static async Task Hears(Listener listener, int count) =>
        await Eventually.Sees(() => listener.Ids.Distinct().Count(), seen => seen == count, Listener.Deadline);

    private async Task Position(long wanted) => await Eventually.Sees(
        _ => log.Ask("select last_seq_id from mt_event_progression where name = 'relay:allocora.ingest'"),
        seen => seen is long there && there == wanted, Listener.Deadline);

    private async Task<IHost> Start(Func<StoredEvent, IEnumerable<OutgoingMessage>>? messagesOf = null)
    {
        var host = Waiting(messagesOf);
        await host.StartAsync();
        return host;
    }

    private IHost Waiting(Func<StoredEvent, IEnumerable<OutgoingMessage>>? messagesOf = null) => Service(vhost.Address, b =>
    {
        b.Services.AddKeyedSingleton("probe_worker", log.Worker);
        b.AddRelay("probe", Destination.Ingest, messagesOf ?? (e => [Said(e)]));
    });

    internal static OutgoingMessage Said(StoredEvent e) =>
        new(e.Id, e.Workspace, "paddle.transaction.seen.v1", e.Data, e.At) { Sequence = e.Sequence };
}
