using Npgsql;

namespace Allocora.Messaging;

/// <summary>
/// Counts how often handling a message began and never came back. The broker cannot tell: it counts every message that was
/// on its way to a consumer that died, up to a whole window of them.
/// </summary>
internal sealed class Attempts(string consumer, NpgsqlDataSource worker, TimeProvider time)
{
    public const int Max = 3;
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromDays(1);

    // Begun here and over, although the database was away when it should have been told. (Only one message is tried at a time.)
    private readonly HashSet<string> over = [];

    /// <summary>Whether handling may begin. What it has written by then survives this process.</summary>
    public async Task<bool> Start(string message, CancellationToken ct)
    {
        const string statement = """
            insert into attempt_started as a (consumer, message_id, attempts, last_started) values ($1, $2, 1, $3)
            on conflict (consumer, message_id) do update set attempts = a.attempts + 1, last_started = excluded.last_started where a.attempts < $4
            """;
        return await worker.Run(statement, ct, consumer, message, time.GetUtcNow(), Max) == 1;
    }

    public async Task End(string message, CancellationToken ct)
    {
        over.Add(message);
        await worker.Run("delete from attempt_started where consumer = $1 and message_id = $2", ct, consumer, message);
        over.Remove(message);
    }

    /// <summary>The attempt failed, and not by ending the process: it does not count.</summary>
    public async Task TakeBack(string message)
    {
        over.Add(message);
        await Settle(CancellationToken.None); // also when it failed because we are asked to stop
    }

    /// <summary>Writes down what could not be written before. It also shows whether the database is there at all.</summary>
    public async Task Settle(CancellationToken ct)
    {
        foreach (var message in over.ToList())
        {
            await worker.Run(
                "update attempt_started set attempts = attempts - 1 where consumer = $1 and message_id = $2 and attempts > 0", ct, consumer, message);
            over.Remove(message);
        }
    }

    /// <summary>Whether some message may have ended a process and is still to come.</summary>
    public async Task<bool> Any(CancellationToken ct)
    {
        await using var connection = await worker.OpenConnectionAsync(ct);
        await using var command = connection.Command("select exists (select from attempt_started where consumer = $1 and attempts > 0)", consumer);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Messages that never came again, after a purge perhaps.</summary>
    public Task Forget(CancellationToken ct) =>
        worker.Run("delete from attempt_started where consumer = $1 and last_started < $2", ct, consumer, time.GetUtcNow() - ForgottenAfter);
}
