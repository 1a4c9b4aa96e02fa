using System.Collections.Concurrent;
using Allocora.EventStore;
using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Allocora.Foundation.Tests.Consuming;

/// <summary>A queue of notes, a database they are kept in, and consumers of every kind between the two.</summary>
internal sealed class NoteDesk : IAsyncDisposable
{
    public const string Queue = "probe.notes";
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(TestSize.IsFull ? 10 : 1);
    private const int Unconfirmed = 500;
    private readonly QueueDefinition queue;
    private readonly List<IHost> hosts = [];
    private IConnection connection = null!;
    private IChannel channel = null!;

    private NoteDesk(LogDatabase log, TestVhost vhost, bool singleActive)
    {
        (Log, Vhost, queue) = (log, vhost, NoteQueue.Named(Queue, singleActive));
        DeadLetters = new(log.Worker);
    }

    public LogDatabase Log { get; }

    public TestVhost Vhost { get; }

    public DeadLetters DeadLetters { get; }

    public static async Task<NoteDesk> Open(bool singleActive = true, string? postgres = null)
    {
        var desk = new NoteDesk(await LogDatabase.Create(postgres), await TestVhost.Create(), singleActive);
        await desk.Reconnect();
        return desk;
    }

    public async Task Reconnect()
    {
        connection = await new ConnectionFactory { Uri = Vhost.Address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        // Without a limiter: the client's own is slow, and here the window is ours.
        channel = await connection.CreateChannelAsync(new(true, true, outstandingPublisherConfirmationsRateLimiter: null));
        await DeclareTopology.Queue(channel, queue, default);
    }

    public Task Publish(params IEnumerable<Note> notes) => Publish(notes.Select(n => (Properties(n), n.ToBody())));

    public Task Publish(BasicProperties properties, byte[] body) => Publish([(properties, body)]);

    public async Task Publish(IEnumerable<(BasicProperties Properties, byte[] Body)> messages)
    {
        foreach (var window in messages.Chunk(Unconfirmed))
        {
            var confirms = window.Select(m => channel.BasicPublishAsync(queue.Exchange, Queue, true, m.Properties, m.Body).AsTask()).ToList();
            await Task.WhenAll(confirms);
        }
    }

    public static BasicProperties Properties(Note note) => new()
    {
        MessageId = $"note-{note.Number}",
        Type = Note.Type,
        Persistent = true,
        Headers = new Dictionary<string, object?> { ["tenant-id"] = Note.Workspace },
    };

    /// <summary>A consumer of this process, with the handler of <see cref="Notes"/> unless another is given. It is not started.</summary>
    public IHost Consumer(BatchHandler? handler = null, TimeProvider? time = null, ILoggerProvider? logs = null)
    {
        var host = Hosts.With(
            builder =>
            {
                builder.Services.TryAddSingleton(time ?? TimeProvider.System);
                if (logs is not null) builder.Logging.AddProvider(logs);
                builder.AddDatabase(NoteQueue.Schema);
                builder.AddBroker("rabbitmq", "probe");
                // A clock that stands still would let no batch begin.
                var consumption = new Consumption(queue) { Prefetch = 200, BatchMax = 200 };
                if (time is not null) consumption = consumption with { BatchWait = TimeSpan.Zero };
                builder.AddConsumer(consumption, _ => handler ?? new Notes(Log.Log, isFixed: false).Handle);
            },
            [.. Settings.Select(s => (s.Key.Replace("__", ":", StringComparison.Ordinal), (string?)s.Value))]);
        hosts.Add(host);
        return host;
    }

    public async Task<IHost> Consuming(BatchHandler? handler = null, TimeProvider? time = null, ILoggerProvider? logs = null)
    {
        var host = Consumer(handler, time, logs);
        await host.StartAsync();
        return host;
    }

    /// <summary>A consumer that is a process of its own.</summary>
    public Task<ChildProgram> Process(bool isFixed = false) => ChildProgram.Start(
        "Allocora.Probe", Settings, "--queue", Queue, "--single", queue.SingleActiveConsumer ? "true" : "false", "--fixed", isFixed ? "true" : "false");

    /// <summary>The numbers of the notes that became events, in the order of the log, straight from PostgreSQL.</summary>
    public async Task<IReadOnlyList<int>> Kept()
    {
        await using var command = Log.Owner.CreateCommand("select (data ->> 'Number')::int from mt_events order by seq_id");
        await using var reader = await command.ExecuteReaderAsync();
        var kept = new List<int>();
        while (await reader.ReadAsync()) kept.Add(reader.GetInt32(0));
        return kept;
    }

    public async Task<IReadOnlyList<string>> Rows(string question)
    {
#pragma warning disable CA2100 // questions of the tests
        await using var command = Log.Owner.CreateCommand(question);
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "" : $"{reader.GetValue(i)}")));
        return rows;
    }

    public Task<long> Count(string table) => Number($"select count(*) from {table}");

    public async Task<long> Number(string question) => (long)(await Log.Ask(question))!;

    /// <summary>Waits until so many notes are in the log.</summary>
    public Task KeptAll(int notes) => Eventually.Sees(_ => Number("select count(*) from mt_events"), n => n >= notes, Patience);

    /// <summary>Takes what is left, with how often the broker got each back.</summary>
    public async Task<IReadOnlyList<long>> DeliveryCounts()
    {
        var counts = new ConcurrentQueue<long>();
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, left) =>
        {
            var isCounted = left.BasicProperties.Headers?.ContainsKey("x-delivery-count") == true;
            counts.Enqueue(isCounted ? Convert.ToInt64(left.BasicProperties.Headers!["x-delivery-count"], null) : left.Redelivered ? 1 : 0);
            return Task.CompletedTask;
        };
        var waiting = await Waiting();
        await channel.BasicConsumeAsync(Queue, autoAck: true, consumer);
        await Eventually.Sees(() => counts.Count, n => n >= waiting, Patience);
        return [.. counts];
    }

    /// <summary>What a consumer does that dies with messages in hand.</summary>
    public async Task TakeAndGiveBack(int messages)
    {
        await using var other = await connection.CreateChannelAsync();
        var taken = 0;
        var consumer = new AsyncEventingBasicConsumer(other);
        consumer.ReceivedAsync += (_, _) => Task.FromResult(Interlocked.Increment(ref taken));
        await other.BasicConsumeAsync(Queue, autoAck: false, consumer);
        await Eventually.Sees(() => taken, n => n == messages, Patience);
    }

    public async Task<uint> Waiting() => await channel.MessageCountAsync(Queue);

    public static Task<(bool Ok, string? Detail)> Readiness(IHost host, CancellationToken ct = default) => Hosts.Check(host, $"queue {Queue}", ct);

    public async ValueTask DisposeAsync()
    {
        foreach (var host in hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }
        await connection.DisposeAsync();
        await Vhost.DisposeAsync();
        await Log.DisposeAsync();
    }

    private Dictionary<string, string> Settings => new()
    {
        ["ConnectionStrings__probe"] = Log.AddressOf("probe_app"),
        ["ConnectionStrings__probe_worker"] = Log.AddressOf("probe_worker"),
        ["ConnectionStrings__rabbitmq"] = Vhost.Address.ToString(),
    };
}
