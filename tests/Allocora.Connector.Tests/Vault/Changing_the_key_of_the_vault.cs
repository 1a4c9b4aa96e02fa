using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Allocora.Testing;
using Microsoft.Extensions.Logging;

namespace Allocora.Connector.Tests.Vault;

public sealed class Changing_the_key_of_the_vault : IAsyncLifetime, IDisposable
{
    private static readonly KeyVault Old = Sealing_secrets.With("k1", "k1"), Both = Sealing_secrets.With("k2", "k1", "k2"),
        New = Sealing_secrets.With("k2", "k2");
    private readonly ConcurrentQueue<string> logged = [];
    private readonly ILoggerFactory logging;
    private ConnectorDatabase database = null!;

    public Changing_the_key_of_the_vault() => logging = LoggerFactory.Create(log => log.AddProvider(new Lines(logged)));

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    public void Dispose() => logging.Dispose();

    [Fact]
    public async Task Goes_on_wherever_it_was_ended_until_the_old_key_may_go()
    {
        var count = TestSize.Of(10_000, atLeast: 2_300);
        await Fill(count);
        var before = await Ciphertexts();
        var took = Stopwatch.StartNew();
        using var rewrap = new RewrapKeys(database.Worker, Both, TimeProvider.System, logging.CreateLogger<RewrapKeys>());

        var interrupted = 0;
        for (var attempt = 1; attempt <= 20; attempt++)
        {
            using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(4 * attempt));
            try
            {
                await rewrap.Run(end.Token);
            }
            catch (OperationCanceledException)
            {
                interrupted++;
            }
        }
        await Task.WhenAll(rewrap.Run(default), rewrap.Run(default));
        await rewrap.Run(default);

        Assert.True(interrupted > 0, "It was never ended in between.");
        Assert.True(took.Elapsed < TimeSpan.FromSeconds(30), $"It took {took.Elapsed}.");
        Assert.Equal(0L, await database.Ask("select count(*) from credential where kek_id <> 'k2'"));
        Assert.Equal(before, await Ciphertexts());
        Assert.Equal(count, await OpenAll(New));
        Assert.Contains(logged, line => line.Contains("None is wrapped with another key now", StringComparison.Ordinal));
        Assert.Equal(0, await rewrap.Run(default));
    }

    [Fact]
    public async Task A_secret_that_does_not_open_is_named_and_keeps_no_other_from_it()
    {
        await Fill(3);
        await database.Ask("update credential set commitment = '\\x00' where version = 2");
        using var rewrap = new RewrapKeys(database.Worker, Both, TimeProvider.System, logging.CreateLogger<RewrapKeys>());

        Assert.Equal(2, await rewrap.Run(default));
        Assert.Contains(logged, line =>
            line.StartsWith("Error: The webhook secret 2 of source src_1, wrapped with k1, does not open", StringComparison.Ordinal));
        Assert.Contains(logged, line => line.Contains("1 are still wrapped with another key", StringComparison.Ordinal));
    }

    private async Task Fill(int count)
    {
        await database.Ask("""
            insert into source (
              tenant_id, id, name, environment, currencies, custom_data_keys, interval_minutes, state, lacks, connected_at, version)
            values ('ws_1', 'src_1', 'Shop', 'sandbox', '{}', '{}', 60, 'active', '{}', now(), 1)
            """);
        foreach (var some in Enumerable.Range(1, count).Chunk(500))
        {
            await using var batch = database.Worker.CreateBatch();
            foreach (var version in some)
            {
                var name = new SecretName("ws_1", "src_1", "webhook", version, "sandbox");
                using var secret = Secret.Of(Text(version));
                batch.BatchCommands.Add(CredentialRows.Insert(name, Old.Seal(name, secret), new("****", null, null), DateTimeOffset.UnixEpoch));
            }
            await batch.ExecuteNonQueryAsync();
        }
    }

    private async Task<string> Ciphertexts() =>
        (string)(await database.Ask("select md5(string_agg(md5(nonce || ciphertext || commitment), '' order by version)) from credential"))!;

    private async Task<int> OpenAll(KeyVault vault)
    {
        await using var command = database.Worker.CreateCommand($"select {CredentialRows.SealedColumns} from credential as c");
        await using var reader = await command.ExecuteReaderAsync();
        var opened = 0;
        while (await reader.ReadAsync())
        {
            var (name, kept) = CredentialRows.Read(reader, 0, "ws_1", "src_1", "sandbox");
            using var secret = vault.Open(name, kept);
            Assert.Equal(Text(name.Version), Encoding.UTF8.GetString(secret.Reveal()));
            opened++;
        }
        return opened;
    }

    private static string Text(int version) => $"secret {version.ToString(CultureInfo.InvariantCulture)}";

    private sealed class Lines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Dispose() { }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel}: {formatter(state, exception)}");
    }
}
