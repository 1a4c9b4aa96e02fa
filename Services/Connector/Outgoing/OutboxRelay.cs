using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Messaging;
using Npgsql;
using RabbitMQ.Client;

namespace Allocora.Connector;

/// <summary>
/// Tells the Ledger what the outbox holds, and marks it once the broker has confirmed. What is told twice is the same message twice.
/// A broker that has lost its data is told all again.
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource worker, BrokerConnection broker, Publisher publisher, TimeProvider time, ILogger<OutboxRelay> logger) : BackgroundService
{
    public const string Channel = "allocora_outbox";
    private const string Lock = "outbox:allocora.ingest";
    private const int PageSize = 500;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private readonly OutgoingMessages messages = new(worker);
    private IConnection? known;
    private volatile string? stoppedBecause;

    /// <summary>What cannot be told; null as long as all goes well. Nothing behind it is told, for the end of a run says that all before it was.</summary>
    public string? StoppedBecause => stoppedBecause;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => new EventFeed(worker, time).Follow(LookEvery, Run, stoppingToken, Channel);

    /// <summary>Publishes all that is there. Where another instance does already, it does nothing.</summary>
    private async Task Run(CancellationToken ct)
    {
        await using var claim = await worker.OpenConnectionAsync(ct);
        if (!await Ask(claim, "select pg_try_advisory_lock(hashtext($1))", ct)) return;
        try
        {
            while (await IsBrokerKnown(ct) && await Page(claim, ct)) ct.ThrowIfCancellationRequested();
        }
        finally
        {
            if (claim.State == System.Data.ConnectionState.Open) await Ask(claim, "select pg_advisory_unlock(hashtext($1))", CancellationToken.None);
        }
    }

    private async Task<bool> Page(NpgsqlConnection claim, CancellationToken ct)
    {
        var (entries, trouble) = await messages.Next(PageSize, ct);
        if (trouble is not null && trouble != stoppedBecause) Stopped(trouble);
        stoppedBecause = trouble;
        if (entries.Count == 0) return false;
        // The end of a run says that all before it has arrived, so it never travels with that.
        var end = entries.FindIndex(e => e.IsEndOfRun);
        if (end > 0) entries = entries[..end];
        else if (end == 0) entries = entries[..1];

        await publisher.Publish([.. entries.Select(e => e.Message)], ct);
        FaultPoint.Reach("before-mark");
        await using var batch = new NpgsqlBatch(claim);
        batch.Add("update outbox set sent_at = clock_timestamp() where seq = any ($1)", entries.Select(e => e.Seq).ToArray());
        await batch.ExecuteNonQueryAsync(ct);
        FaultPoint.Reach("after-mark");
        return true;
    }

    /// <summary>Looks once at each new connection whether the broker still has what it was told; see decision 3.</summary>
    private async Task<bool> IsBrokerKnown(CancellationToken ct)
    {
        var connection = await broker.Opened(ct);
        if (ReferenceEquals(connection, known)) return true;
        var mark = BrokerMark.Name("connector", Exchanges.Ingest);
        try
        {
            if (!await BrokerMark.IsThere(connection, mark, ct))
            {
                // In this order: a crash between the two costs duplicates, the other way round it would cost messages.
                await TellAgain(ct);
                await BrokerMark.Put(connection, mark, ct);
            }
            known = connection;
            return true;
        }
        catch (Exception e) when (!ct.IsCancellationRequested && Publisher.WhyNot(e) is { } reason)
        {
            CannotLook(reason);
            return false;
        }
    }

    private async Task TellAgain(CancellationToken ct)
    {
        const int some = 20_000;
        var (all, now) = (0L, some);
        while (now == some)
        {
            await using var again = worker.CreateCommand("""
                update outbox set sent_at = null where seq = any (array(select seq from outbox where sent_at is not null order by seq limit $1))
                """);
            again.Parameters.Add(new() { Value = some });
            now = await again.ExecuteNonQueryAsync(ct);
            all += now;
        }
        Again(all);
    }

    private static async Task<bool> Ask(NpgsqlConnection connection, string question, CancellationToken ct)
    {
#pragma warning disable CA2100 // questions of this file
        await using var command = new NpgsqlCommand(question, connection) { Parameters = { new() { Value = Lock } } };
#pragma warning restore CA2100
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Error, "The outbox has stopped and tries again: {Reason}")]
    private partial void Stopped(string reason);

    [LoggerMessage(LogLevel.Information, "The broker does not know us: {Count} messages are told again")]
    private partial void Again(long count);

    [LoggerMessage(LogLevel.Warning, "It cannot be seen whether the broker has kept its data: {Reason}")]
    private partial void CannotLook(string reason);
}
