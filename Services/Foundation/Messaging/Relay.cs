using System.Data;
using Allocora.EventStore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;

namespace Allocora.Messaging;

/// <summary>
/// Tells the broker what the log says. Its position moves after the confirms, so what it publishes is at least once, and a broker
/// that lost its data is filled again from the beginning.
/// </summary>
public sealed partial class Relay(
    string service, Destination to, Func<StoredEvent, IEnumerable<OutgoingMessage>> messagesOf, NpgsqlDataSource worker, BrokerConnection broker,
    Publisher publisher, TimeProvider time, ILogger<Relay> logger) : BackgroundService
{
    private const int PageSize = ConfirmWindow.Size;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly EventFeed feed = new(worker, time);
    private IConnection? known;
    private volatile string? stoppedBecause;

    /// <summary>The name of its row in <c>mt_event_progression</c>.</summary>
    public string Name { get; } = $"relay:{to.Exchange}";

    /// <summary>Which event no message can be made of; null as long as all goes well. It goes no further, for what it passed over would be lost.</summary>
    public string? StoppedBecause => stoppedBecause;

    /// <summary>Publishes again all that comes after a position: 0 for everything.</summary>
    public async Task Rewind(long position, CancellationToken ct)
    {
        await using var command = worker.CreateCommand("""
            insert into mt_event_progression (name, last_seq_id) values ($1, $2)
            on conflict (name) do update set last_seq_id = excluded.last_seq_id, last_updated = transaction_timestamp()
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
        await command.ExecuteNonQueryAsync(ct);
        Rewound(Name, position);
    }

    /// <summary>Publishes all that is there. Where another instance does already, it does nothing.</summary>
    public async Task Run(CancellationToken ct)
    {
        await using var claim = await worker.OpenConnectionAsync(ct);
        if (!await Ask(claim, "select pg_try_advisory_lock(hashtext($1))", ct)) return;
        try
        {
            while (await IsBrokerKnown(ct) && await Page(claim, ct)) ct.ThrowIfCancellationRequested();
        }
        finally
        {
            // A connection that broke has no lock any more.
            if (claim.State == ConnectionState.Open) await Ask(claim, "select pg_advisory_unlock(hashtext($1))", CancellationToken.None);
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => feed.Follow(LookEvery, Run, stoppingToken);

    /// <summary>False when there was nothing to publish.</summary>
    private async Task<bool> Page(NpgsqlConnection claim, CancellationToken ct)
    {
        var position = await Position(ct);
        PublishingTelemetry.Lag.Record(await feed.Head(ct) - position, PublishingTelemetry.Where(to.Exchange));
        var (last, outgoing) = (position, new List<OutgoingMessage>());
        string? trouble = null;
        await foreach (var one in feed.After(position, PageSize, ct: ct))
        {
            try
            {
                outgoing.AddRange(messagesOf(one).ToList());
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // What comes before it is still told. The error's text may quote the event.
                trouble = $"The event {one.Type} at {one.Sequence} cannot be told: {e.GetType().Name}.";
                break;
            }
            last = one.Sequence;
        }
        if (last == position)
        {
            if (trouble is not null && trouble != stoppedBecause) Stopped(Name, trouble);
            stoppedBecause = trouble;
            return false;
        }
        stoppedBecause = null;
        await publisher.Publish(outgoing, ct);
        if (!await Move(claim, position, last, ct)) Overtaken(Name, position);
        return true;
    }

    /// <summary>Looks once at each new connection whether the broker still has what it was told; see decision 3.</summary>
    private async Task<bool> IsBrokerKnown(CancellationToken ct)
    {
        var mark = BrokerMark.Name(service, to.Exchange);
        var connection = await broker.Opened(ct);
        if (ReferenceEquals(connection, known)) return true;
        try
        {
            await using (var channel = await connection.CreateChannelAsync(cancellationToken: ct))
                await DeclareTopology.Exchange(channel, to.Exchange, ct); // whoever listens can bind before there is anything to hear
            if (!await BrokerMark.IsThere(connection, mark, ct))
            {
                // In this order: a crash between the two costs duplicates, the other way round it would cost messages.
                await Rewind(0, ct);
                await BrokerMark.Put(connection, mark, ct);
            }
            known = connection;
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && Publisher.WhyNot(e) is { } reason)
        {
            CannotLook(Name, reason);
            return false;
        }
    }

    private async Task<long> Position(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("select last_seq_id from mt_event_progression where name = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        if (await command.ExecuteScalarAsync(ct) is long position) return position;
        await Rewind(0, ct);
        return 0;
    }

    // In the session that holds the lock: whoever has lost the lock cannot move it.
    private async Task<bool> Move(NpgsqlConnection claim, long from, long to, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand("""
            update mt_event_progression set last_seq_id = $3, last_updated = transaction_timestamp() where name = $1 and last_seq_id = $2
            """, claim);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = to });
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    private async Task<bool> Ask(NpgsqlConnection connection, string question, CancellationToken ct)
    {
#pragma warning disable CA2100 // questions of this file; the name is a parameter
        await using var command = new NpgsqlCommand(question, connection) { Parameters = { new() { Value = Name } } };
#pragma warning restore CA2100
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Error, "{Relay} has stopped and tries again: {Reason}")]
    private partial void Stopped(string relay, string reason);

    [LoggerMessage(LogLevel.Information, "{Relay} starts again after {Position}")]
    private partial void Rewound(string relay, long position);

    [LoggerMessage(LogLevel.Information, "{Relay} was moved away from {Position} by somebody else, and goes on from there")]
    private partial void Overtaken(string relay, long position);

    [LoggerMessage(LogLevel.Warning, "{Relay} cannot see whether the broker has kept its data: {Reason}")]
    private partial void CannotLook(string relay, string reason);
}
