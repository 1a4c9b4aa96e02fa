using Allocora.EventStore;
using Npgsql;

namespace Allocora.Console;

/// <summary>
/// Appends what was noted at the door, many at a time. While the database is away it keeps what it has and tries again; at the end
/// of the program it writes what is left, for as long as it is given.
/// </summary>
internal sealed partial class JournalWriter(Journal journal, TimeProvider time, ILogger<JournalWriter> logger) : IHostedService, IDisposable
{
    public const int BatchMax = 500;
    private static readonly TimeSpan PatienceMin = TimeSpan.FromMilliseconds(50), PatienceMax = TimeSpan.FromSeconds(5);
    private readonly CancellationTokenSource giveUp = new();
    private Task writing = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        writing = Write(giveUp.Token);
        return Task.CompletedTask;
    }

    // By now the door is closed: what listens is started last and stopped first.
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        journal.Close();
        await using var impatience = cancellationToken.Register(giveUp.Cancel);
        await writing;
    }

    public void Dispose() => giveUp.Dispose();

    private async Task Write(CancellationToken ct)
    {
        List<Entry> batch = [];
        try
        {
            while (await journal.Noted.WaitToReadAsync(ct))
            {
                // What was dropped goes first: it came before what has room now.
                if (journal.TakeDropped() is { } told) batch.Add(told);
                while (batch.Count < BatchMax && journal.Noted.TryRead(out var entry)) batch.Add(entry);
                await Append(batch, ct);
                batch = [];
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            Lost(batch.Count + journal.Noted.Count);
        }
    }

    private async Task Append(List<Entry> batch, CancellationToken ct)
    {
        for (var patience = PatienceMin; ; patience = patience * 2 < PatienceMax ? patience * 2 : PatienceMax)
        {
            try
            {
                await journal.Append(batch, ct);
                if (patience > PatienceMin) Written();
                return;
            }
            catch (PostgresException e) when (e.SqlState.StartsWith("22", StringComparison.Ordinal))
            {
                await AppendInParts(batch, e.SqlState, ct);
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException && !ct.IsCancellationRequested)
            {
                if (patience == PatienceMin) Waits(batch.Count, (e as NpgsqlException)?.SqlState ?? "no answer");
                await Task.Delay(patience, time, ct);
            }
        }
    }

    // One of them is not what a log can hold. It must not keep out the others.
    private async Task AppendInParts(List<Entry> batch, string state, CancellationToken ct)
    {
        if (batch is [var one])
        {
            journal.Dropped(1);
            NotKept(one.Events[0].Type, state);
            return;
        }
        await Append(batch[..(batch.Count / 2)], ct);
        await Append(batch[(batch.Count / 2)..], ct);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} events of the door wait for the database ({State})")]
    private partial void Waits(int count, string state);

    [LoggerMessage(LogLevel.Information, "The events of the door are written again")]
    private partial void Written();

    [LoggerMessage(LogLevel.Error, "An event {Type} of the door cannot be kept ({State})")]
    private partial void NotKept(string type, string state);

    [LoggerMessage(LogLevel.Error, "{Count} events of the door are lost: the program ends, and the database is away")]
    private partial void Lost(int count);
}
