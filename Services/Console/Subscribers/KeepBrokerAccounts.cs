using System.ComponentModel.DataAnnotations;
using Allocora.EventStore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Allocora.Console;

internal sealed class SubscriberOptions
{
    /// <summary>How often the users of the broker are held against the log.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")] public TimeSpan CheckEvery { get; init; } = TimeSpan.FromMinutes(3);
}

/// <summary>
/// Holds the broker's users against the log: removes those whose account is revoked or unknown, makes those a crash, or a broker that
/// was set up anew, left out.
/// </summary>
internal sealed partial class KeepBrokerAccounts(
    BrokerPlace place, BrokerAccounts broker, SubscriberReaders readers, [FromKeyedServices("console_worker")] NpgsqlDataSource worker,
    IOptions<SubscriberOptions> options, TimeProvider time, ILogger<KeepBrokerAccounts> logger) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (place.Admin is null) return;
        using var timer = new PeriodicTimer(options.Value.CheckEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Round(stoppingToken);
            }
            catch (Exception e) when (e is BrokerUnavailableException or NpgsqlException or SchemaException)
            {
                NotHeld(e);
            }
        }
    }

    public async Task Round(CancellationToken ct)
    {
        // The users first: who is made after this has an account by the time those are read.
        var (users, all) = (await broker.Users(ct), await broker.AllUsers(ct));
        if (await Accounts(ct) is not { } known) return;

        var revoked = known.Where(k => !k.IsLive).Select(k => k.Account.User).ToHashSet();
        var unknown = users.Except(known.Select(k => k.Account.User));
        foreach (var user in unknown.Concat(all.Where(revoked.Contains)).ToList())
        {
            await broker.Remove(user, ct);
            Removed(user);
        }

        foreach (var (account, _) in known.Where(k => k.IsLive && !users.Contains(k.Account.User)))
        {
            await broker.Make(account, ct);
            Made(account.User);
            // Revoked meanwhile, it was removed before it was made here.
            if (await Accounts(ct) is { } now && !now.Contains((account, true))) await broker.Remove(account.User, ct);
        }
    }

    /// <returns>All there are in the log by now; null when what is read has not come that far.</returns>
    private async Task<HashSet<(SubscriberAccount Account, bool IsLive)>?> Accounts(CancellationToken ct)
    {
        await using var command = worker.CreateCommand("select coalesce(max(seq_id), 0) from mt_events");
        var head = (long)(await command.ExecuteScalarAsync(ct))!;
        if (!await readers.All.WaitUntil(head, Patience, ct))
        {
            Behind();
            return null;
        }
        return await readers.All.Read(workspace: null, async (connection, _, ct) =>
        {
            await using var query = new NpgsqlCommand("select tenant_id, id, password_hash, revoked_at is null from subscriber", connection);
            await using var reader = await query.ExecuteReaderAsync(ct);
            var found = new HashSet<(SubscriberAccount, bool)>();
            while (await reader.ReadAsync(ct)) found.Add((new(reader.GetString(0), reader.GetString(1), reader.GetString(2)), reader.GetBoolean(3)));
            return found;
        }, ct);
    }

    [LoggerMessage(LogLevel.Warning, "The users of the broker could not be held against the log; it is tried again")]
    private partial void NotHeld(Exception e);

    [LoggerMessage(LogLevel.Warning, "The users of the broker were not held against the log: the subscribers are not read that far")]
    private partial void Behind();

    [LoggerMessage(LogLevel.Information, "{User} was removed from the broker: its account is revoked or unknown")]
    private partial void Removed(string user);

    [LoggerMessage(LogLevel.Information, "{User} was missing on the broker and is there again")]
    private partial void Made(string user);
}
