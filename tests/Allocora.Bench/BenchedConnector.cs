using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Allocora.Connector;
using Allocora.Connector.Tests;
using Allocora.Contracts;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace Allocora.Bench;

/// <summary>The Connector as it is delivered, with a source and a Paddle: each a process of its own, with a database and a broker of its own.</summary>
internal sealed class BenchedConnector : IAsyncDisposable
{
    private const string Workspace = "ws_01hf7yat00000000000000000a", VaultKey = "dmF1bHQga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM=";
    private static readonly TimeSpan RunMax = TimeSpan.FromMinutes(30);
    private static readonly QueueDefinition Queue = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger], LengthMax: 10_000_000);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-bench-");
    private readonly List<IAsyncDisposable> parts = [];
    private ConnectorDatabase database = null!;
    private ChildProgram connector = null!;
    private HttpClient control = null!;
    private IChannel channel = null!;
    private string source = "";

    /// <param name="transactions">How many Paddle has. Its clock stands still, so that nothing happens there while something is measured.</param>
    public static async Task<BenchedConnector> Start(int transactions, params string[] settings)
    {
        var started = new BenchedConnector();
        try
        {
            await started.Open(transactions, settings);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts a run in the queue and waits until its last message is confirmed.</summary>
    /// <returns>How many seconds that took, by the database's clock.</returns>
    public async Task<double> Sync(string mode)
    {
        var run = NewId.For("run", TimeProvider.System.GetUtcNow());
        await Ask($"""
            insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at)
            values ('{Workspace}', '{run}', '{source}', '{mode}', 'queued', 'person', clock_timestamp());
            notify allocora_log
            """);
        var state = await Eventually.Sees(
            _ => Ask($"""
                select case when o.sent_at is not null then 'told' else concat_ws(' ', r.state, r.error_code) end
                from sync_run as r left join outbox as o on o.seq = r.last_message where r.id = '{run}'
                """),
            state => (string?)state is not (null or "queued" or "running" or "waiting" or "delivering"), RunMax);
        if ((string?)state != "told") throw new InvalidOperationException($"The run is {state}.");
        return (double)(await Ask($"""
            select extract(epoch from o.sent_at - r.requested_at)::float8 from sync_run as r join outbox as o on o.seq = r.last_message where r.id = '{run}'
            """))!;
    }

    /// <summary>Runs a statement as the database's owner and returns its first value.</summary>
    public async Task<object?> Ask(string statement)
    {
        await using var command = database.Owner.CreateCommand();
#pragma warning disable CA2100 // statements of this project
        command.CommandText = statement;
#pragma warning restore CA2100
        command.CommandTimeout = 0; // a million rows take as long as they take
        return await command.ExecuteScalarAsync();
    }

    /// <summary>How many messages have arrived in the Ledger's queue.</summary>
    public Task<uint> Arrived() => channel.MessageCountAsync(Queue.Name);

    public async Task<JsonNode> Paddle(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await control.SendAsync(request);
        return JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
    }

    /// <summary>The most memory the Connector has had, in megabytes.</summary>
    public double MemoryAtItsPeak()
    {
        var line = File.ReadLines($"/proc/{connector.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(parts)) await part.DisposeAsync();
        control?.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task Open(int transactions, string[] settings)
    {
        database = Keep(await ConnectorDatabase.Create());
        var vhost = Keep(await TestVhost.Create());
        channel = Keep(await Keep(await new ConnectionFactory { Uri = vhost.Address }.CreateConnectionAsync()).CreateChannelAsync());
        await DeclareTopology.Queue(channel, Queue, CancellationToken.None);

        control = new() { BaseAddress = new($"http://127.0.0.1:{FreePort()}") };
        await Program("tests/PaddleSandbox", "Allocora.PaddleSandbox",
            ["--port", "0", "--control-port", $"{control.BaseAddress.Port}", "--transactions", $"{transactions}", "--no-rate-limit", "--report-seconds", "0"]);
        var paddle = await Eventually.Sees(_ => Paddle(HttpMethod.Get, "/"), told => told is not null, TimeSpan.FromMinutes(5));
        await Paddle(HttpMethod.Post, "/clock", new { frozen = true });
        await Connect((string)paddle["key"]!);

        using var self = new HttpClient { BaseAddress = new($"http://127.0.0.1:{FreePort()}") };
        connector = await Program("Services/Connector", "Allocora.Connector", [.. Told(self.BaseAddress, vhost, (string)paddle["paddle"]!), .. settings]);
        await Eventually.Sees(async ct => (await self.GetAsync("/healthz/live", ct)).IsSuccessStatusCode, isUp => isUp);
    }

    // As the API would leave it. Nobody here has a session to ask it with.
    private async Task Connect(string apiKey)
    {
        var now = TimeProvider.System.GetUtcNow();
        source = NewId.For("src", now);
        var vault = new KeyVault(Options.Create(new VaultOptions { Keys = new Dictionary<string, string> { ["k1"] = VaultKey }, Current = "k1" }));
        var (name, key) = (new SecretName(Workspace, source, CredentialRows.ApiKey, 1, "sandbox"), PaddleKey.Read(apiKey, out _)!);
        using var secret = Secret.Of(apiKey);
        await using var batch = database.Owner.CreateBatch();
        batch.BatchCommands.Add(SourceRows.Insert(new(
            Workspace, source, "Bench", "sandbox", null, new([], null, []), SourceRules.IntervalMinutesUsual, "active", null, [], now, Version: 1)));
        batch.BatchCommands.Add(CredentialRows.Insert(name, vault.Seal(name, secret), new(key.Masked, key.Id, null), now));
        await batch.ExecuteNonQueryAsync();
    }

    private string[] Told(Uri self, TestVhost vhost, string paddle) =>
    [
        $"--urls={self}", "--hostBuilder:reloadConfigOnChange=false", "--environment=Development",
        $"--ConnectionStrings:connector={database.AddressOf("connector_app")}",
        $"--ConnectionStrings:connector_worker={database.AddressOf("connector_worker")}",
        "--ConnectionStrings:console_inner=Host=127.0.0.1;Port=1;Database=console;Username=nobody;Password=x7fk20sj",
        "--ConnectionStrings:ledger_tail=Host=127.0.0.1;Port=1;Database=ledger;Username=nobody;Password=x7fk20sj", // there is none
        $"--ConnectionStrings:rabbitmq={vhost.Address}", $"--Inner:Key={VaultKey}",
        $"--Heads:KeyFile={folder.FullName}/heads.pem", $"--Heads:File={folder.FullName}/heads.ndjson",
        $"--Vault:Keys:k1={VaultKey}", "--Vault:Current=k1", $"--Paddle:BaseUrls:sandbox={paddle}", "--Paddle:BaseUrls:live=http://127.0.0.1:1",
    ];

    private async Task<ChildProgram> Program(string project, string assembly, string[] arguments)
    {
        var own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var configuration = Path.Combine(Path.GetFileName(Path.GetDirectoryName(own)!), Path.GetFileName(own));
        var bin = Path.Combine(Repository.Root, project, "bin", configuration);
        var program = Path.Combine(bin, $"{assembly}.dll");
        return Keep(await ChildProgram.Start($"bench-{assembly}", "dotnet", bin, new Dictionary<string, string>(), [program, .. arguments]));
    }

    private T Keep<T>(T part) where T : IAsyncDisposable
    {
        parts.Add(part);
        return part;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
