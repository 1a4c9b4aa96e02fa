using System.Diagnostics;
using Allocora.Contracts.Messages;
using Allocora.Foundation.Tests.Log;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Allocora.Foundation.Tests.Broker.Speaking;

namespace Allocora.Foundation.Tests.Broker;

/// <summary>Each test has the broker of the class to itself, and leaves it working.</summary>
public sealed class A_broker_in_trouble(A_broker_in_trouble.Its its) : IClassFixture<A_broker_in_trouble.Its>, IAsyncLifetime
{
    private static readonly QueueDefinition Roomy = LedgerQueue with { LengthMax = 5_000_000 };
    private IHost host = null!;
    private int told;

    public async Task InitializeAsync()
    {
        await Listener.Declare(its.Broker.Address, Roomy);
        await using (var listener = await Listener.On(its.Broker.Address)) await listener.Channel.QueuePurgeAsync(Queues.LedgerIngest);
        host = Service(its.Broker.Address);
        await host.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }

    [Fact]
    public async Task Killed_while_it_takes_messages_it_has_every_one_it_confirmed()
    {
        var kills = TestSize.Of(10, 2);
        await its.Broker.WriteDownItsQueues();
        using var enough = new CancellationTokenSource();
        var publishing = Publish(enough.Token);
        for (var kill = 1; kill <= kills; kill++)
        {
            // Whoever asks a quorum queue of 3.10 for its length before it has a leader again may leave it without one for good.
            var before = Volatile.Read(ref told);
            await Eventually.Sees(() => Volatile.Read(ref told), count => count > before + 1_000, Listener.Deadline);
            await its.Broker.Kill();
        }
        await enough.CancelAsync();
        var confirmed = await publishing.WaitAsync(Listener.Deadline);

        await using var listener = await Listener.To(its.Broker.Address, Queues.LedgerIngest);
        await listener.Hears(confirmed);
        Assert.InRange(listener.Ids.Count, confirmed.Count, confirmed.Count + (500 * kills));
    }

    [Fact]
    public async Task Emptied_it_is_told_everything_again()
    {
        await using var log = await LogDatabase.Create();
        using var telling = Service(its.Broker.Address, b =>
        {
            b.Services.AddKeyedSingleton("probe_worker", log.Worker);
            b.AddRelay("probe", Destination.Ingest, e => [Relaying_the_log.Said(e)]);
        });
        await telling.StartAsync();
        for (var call = 0; call < 4; call++) await log.Log.Append([Make.Entry($"paddle-live-{call}", events: TestSize.Of(10_000, 500))], default);
        var events = await log.Feed.All();
        await Eventually.Sees(_ => Listener.Count(its.Broker.Address, Queues.LedgerIngest), count => count >= events.Count, Listener.Deadline);

        await its.Broker.LoseData();
        await Listener.Declare(its.Broker.Address, Roomy);
        await log.Log.Append([Make.Entry("paddle-live-late", events: 3)], default);

        await using var listener = await Listener.To(its.Broker.Address, Queues.LedgerIngest);
        var wanted = (await log.Feed.All()).Select(e => e.Id.ToString()).ToHashSet();
        await Eventually.Sees(() => wanted.Except(listener.Ids).Count(), missing => missing == 0, Listener.Deadline);
        await telling.StopAsync();
    }

    [Fact]
    public async Task Short_of_memory_it_stops_its_publishers_who_do_not_pile_up_messages()
    {
        using var enough = new CancellationTokenSource();
        var publishing = Publish(enough.Token);
        await Eventually.Sees(_ => Listener.Count(its.Broker.Address, Queues.LedgerIngest), count => count > 1_000, Listener.Deadline);

        await its.Broker.SetMemoryLimit("0.0001");
        var (_, why) = await Eventually.Sees(ct => Hosts.Check(host, "rabbitmq", ct), seen => !seen.Ok, Listener.Deadline);
        Assert.Equal("RabbitMQ takes no messages: low on memory.", why);
        var atRest = await AtRest();
        var memory = Environment.WorkingSet;
        var most = await Most(() => Environment.WorkingSet, TestSize.Of(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(3)));
        // Other tests run in this process too; what piled up at the pace of before would be far more in the full time.
        Assert.True(most < memory + (256 << 20), $"{memory >> 20} MiB became {most >> 20} MiB");
        Assert.False(publishing.IsCompleted);
        Assert.Equal(atRest, await Listener.Count(its.Broker.Address, Queues.LedgerIngest));

        await its.Broker.SetMemoryLimit("0.4");
        await Eventually.Sees(ct => Hosts.Check(host, "rabbitmq", ct), seen => seen.Ok, Listener.Deadline);
        await Eventually.Sees(_ => Listener.Count(its.Broker.Address, Queues.LedgerIngest), count => count > atRest + 1_000, Listener.Deadline);
        await enough.CancelAsync();
        var confirmed = await publishing.WaitAsync(Listener.Deadline);
        await using var listener = await Listener.To(its.Broker.Address, Queues.LedgerIngest);
        await listener.Hears(confirmed);
        Assert.Equal(confirmed.Count, listener.Ids.Count);
    }

    /// <summary>How many messages there are once no more come.</summary>
    private async Task<uint> AtRest()
    {
        var (last, same) = (0u, 0);
        return await Eventually.Sees(async _ =>
        {
            var now = await Listener.Count(its.Broker.Address, Queues.LedgerIngest);
            (last, same) = (now, now == last ? same + 1 : 0);
            return now;
        }, _ => same >= 20, Listener.Deadline);
    }

    private static async Task<long> Most(Func<long> look, TimeSpan howLong)
    {
        var (most, started) = (0L, Stopwatch.GetTimestamp());
        await Eventually.Sees(() => most = Math.Max(most, look()), _ => Stopwatch.GetElapsedTime(started) > howLong, Listener.Deadline);
        return most;
    }

    /// <summary>Page after page; then all that was confirmed.</summary>
    private async Task<IReadOnlyList<OutgoingMessage>> Publish(CancellationToken enough)
    {
        var confirmed = new List<OutgoingMessage>();
        while (!enough.IsCancellationRequested)
        {
            var page = Messages(200);
            await host.To(Destination.Ingest).Publish(page, default);
            confirmed.AddRange(page);
            Volatile.Write(ref told, confirmed.Count);
        }
        return confirmed;
    }

    public sealed class Its : IAsyncLifetime
    {
        public OwnBroker Broker { get; private set; } = null!;

        public async Task InitializeAsync() => Broker = await OwnBroker.Start();

        public async Task DisposeAsync() => await Broker.DisposeAsync();
    }
}
