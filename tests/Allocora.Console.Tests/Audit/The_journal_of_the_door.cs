using System.Globalization;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Allocora.Console.Tests;

public sealed class The_journal_of_the_door : IAsyncLifetime
{
    private const string Kept = "select count(*) from mt_events where type = ";
    private ConsoleDatabase database = null!;
    private NpgsqlDataSource worker = null!;
    private Journal journal = null!;
    private JournalWriter writer = null!;

    public async Task InitializeAsync()
    {
        database = await ConsoleDatabase.Create();
        worker = Database.Source(new NpgsqlConnectionStringBuilder(database.AddressOf("console_worker")), "console");
        journal = new(worker, ConsoleEvents.Catalog, TimeProvider.System);
        writer = new(journal, TimeProvider.System, NullLogger<JournalWriter>.Instance);
    }

    public async Task DisposeAsync()
    {
        writer.Dispose();
        await worker.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Is_written_to_the_end_when_the_program_ends()
    {
        await writer.StartAsync(default);
        for (var i = 0; i < 1234; i++) Use($"key_{i}");

        await writer.StopAsync(default);

        Assert.Equal(1234L, await database.Ask($"{Kept}'api_key_used'"));
        Assert.Equal(1234L, await database.Ask("select count(distinct data ->> 'Key') from mt_events"));
    }

    [Fact]
    public async Task Counts_what_does_not_fit_and_says_so_first_thing()
    {
        for (var i = 0; i < Journal.QueueMax + 321; i++) Use("key_1");

        await writer.StartAsync(default);
        await writer.StopAsync(default);

        Assert.Equal((long)Journal.QueueMax, await database.Ask($"{Kept}'api_key_used'"));
        Assert.Equal("321", await database.Ask("select data ->> 'Count' from mt_events where type = 'door_events_dropped' and seq_id <= 500"));
        Assert.Equal(1L, await database.Ask($"{Kept}'door_events_dropped'"));
    }

    [Fact]
    public async Task Keeps_what_it_has_while_the_database_is_away_and_writes_it_once_it_is_back()
    {
        await database.Ask("alter function console.allocora_append rename to away");
        for (var i = 0; i < 700; i++) Use($"key_{i}");
        await writer.StartAsync(default);
        await Eventually.Sees(() => journal.Noted.Count, waiting => waiting == 200);

        await database.Ask("alter function console.away rename to allocora_append");

        await Eventually.Sees(_ => database.Ask($"{Kept}'api_key_used'"), count => count is 700L);
        await writer.StopAsync(default);
        Assert.Equal(700L, await database.Ask("select count(distinct data ->> 'Key') from mt_events"));
    }

    [Fact]
    public async Task Ends_in_time_when_the_database_does_not_come_back()
    {
        await database.Ask("alter function console.allocora_append rename to away");
        await writer.StartAsync(default);
        Use("key_1");

        await writer.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Eventually.Deadline);

        Assert.Equal(0L, await database.Ask($"{Kept}'api_key_used'"));
    }

    [Fact]
    public async Task What_a_log_cannot_hold_does_not_keep_out_the_rest()
    {
        await writer.StartAsync(default);
        for (var i = 0; i < 9; i++) Use(i == 4 ? "key_\0" : string.Create(CultureInfo.InvariantCulture, $"key_{i}"));
        await Eventually.Sees(_ => database.Ask($"{Kept}'api_key_used'"), count => count is 8L);
        Use("key_9");
        await writer.StopAsync(default);

        Assert.Equal((9L, 1L), (await database.Ask($"{Kept}'api_key_used'"), await database.Ask($"{Kept}'door_events_dropped'")));
    }

    private void Use(string key) => journal.Note("ws_one", Journal.Door, new ApiKeyUsed(key, "127.0.0.1"), new("usr_mara", Via: $"key:{key}"));
}
