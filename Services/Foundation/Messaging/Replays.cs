using Microsoft.Extensions.Logging;
using Npgsql;

namespace Allocora.Messaging;

/// <summary>Has dead letters handled once more when operators ask for it, and counts those that are open.</summary>
internal sealed partial class Replays(
    string queue, Consumer consumer, DeadLetterBox deadLetters, NpgsqlDataSource worker, TimeProvider time, ILogger logger)
{
    private const int RoundMax = 50, CountEvery = 15;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    public async Task Run(CancellationToken stopping)
    {
        for (var round = 0; !stopping.IsCancellationRequested; round++)
        {
            try
            {
                if (round % CountEvery == 0) MessagingTelemetry.Open[queue] = await deadLetters.Open(stopping);
                await Round(stopping);
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                // What was asked for stays asked for, whatever it was that went wrong: nobody else asks again.
                if (e is UnavailableException || !Fault.IsOurs(e)) Postponed(queue, Fault.WhyWeWait(e));
            }
            catch (Exception e) when (Fault.IsOurs(e))
            {
                return;
            }
            await Task.Delay(LookEvery, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Round(CancellationToken stopping)
    {
        if ((await deadLetters.Replaying(1, stopping)).Count == 0) return;
        // One replica at a time; a lock of the session's goes with it when the process does.
        await using var connection = await worker.OpenConnectionAsync(stopping);
        if (!await Lock("select pg_try_advisory_lock(hashtext($1))", connection, stopping)) return;
        try
        {
            foreach (var (id, message) in await deadLetters.Replaying(RoundMax, stopping)) await consumer.Replay(id, message, stopping);
        }
        finally
        {
            await Lock("select pg_advisory_unlock(hashtext($1))", connection, CancellationToken.None);
        }
    }

    private async Task<bool> Lock(string statement, NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = connection.Command(statement, $"replay {queue}");
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    [LoggerMessage(LogLevel.Warning, "Dead letters of {Queue} are replayed later: {Reason}")]
    private partial void Postponed(string queue, string reason);
}
