using System.Collections.Concurrent;
using System.Globalization;
using Allocora.PaddleSandbox;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Allocora.Connector.Tests;

/// <summary>What a test wants its connector to be.</summary>
internal sealed record ConnectorWish
{
    /// <summary>More settings, as <c>--Paddle:Burst=5</c>; the last of a name counts.</summary>
    public string[] Settings { get; init; } = [];

    /// <summary>The Paddle of this test is the live one; otherwise it is Paddle's sandbox.</summary>
    public bool IsLive { get; init; }

    /// <summary>Where Paddle's other environment is; nobody answers there unless this says so.</summary>
    public string? Other { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What is added to, or put in the place of, what the Connector itself adds.</summary>
    public Action<WebApplicationBuilder> More { get; init; } = _ => { };

    /// <summary>A database that others use too; null for one of its own.</summary>
    public ConnectorDatabase? Database { get; init; }

    /// <summary>A virtual host that others use too; null for one of its own.</summary>
    public TestVhost? Vhost { get; init; }

    /// <summary>The Ledger's log; null for one whose database is away, so that no run succeeds.</summary>
    public LedgerLog? Ledger { get; init; }
}

/// <summary>The Connector's own host over real HTTP with its database, its broker and a Paddle of its own, asked past the gateway.</summary>
internal sealed class RunningConnector : IAsyncDisposable
{
    public const string Workspace = "ws_01hf7yat00000000000000000a", OtherWorkspace = "ws_01hf7yat00000000000000000b",
        Person = "usr_01hf7yat00000000000000000a";
    public const string Nowhere = "http://127.0.0.1:1", VaultKey = "dmF1bHQga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM=";
    private static readonly string InnerKey = Convert.ToBase64String(Enumerable.Repeat((byte)1, 32).ToArray());
    private static readonly string Folder = Directory.CreateTempSubdirectory("allocora-connector-").FullName;
    private static int last;
    private readonly WebApplication host;
    private readonly KeyRing ring;
    private readonly ConnectorWish wish;
    private readonly List<HttpClient> clients = [];

    static RunningConnector() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);

    private RunningConnector(ConnectorWish wish, ConnectorDatabase database, TestVhost vhost, Sandbox paddle)
    {
        (this.wish, Database, Vhost, Paddle) = (wish, database, vhost, paddle);
        ring = InnerTokens.RingFor("connector", new KeysInMemory(), "Inner__Key", InnerKey, NullLoggerFactory.Instance);
        var log = new LoggedLines(Logged);
        host = Service.Build("connector", Arguments(), builder =>
        {
            builder.Logging.ClearProviders().AddProvider(log);
            builder.Services.AddSingleton(wish.Time);
            builder.AddConnector();
            builder.Services.AddSingleton(ring);
            wish.More(builder);
        }, app => app.MapConnector());
        Control = new() { BaseAddress = new(paddle.Control) };
    }

    public ConnectorDatabase Database { get; }

    public TestVhost Vhost { get; }

    public Sandbox Paddle { get; }

    /// <summary>The sandbox's control API.</summary>
    public HttpClient Control { get; }

    public ConcurrentQueue<string> Logged { get; } = [];

    public string Address => host.Urls.First();

    /// <summary>What another program is told that is to be this connector too.</summary>
    public string[] Told => Arguments();

    public IServiceProvider Provider => host.Services;

    public static Task<RunningConnector> Start(params string[] sandbox) => Start(new ConnectorWish(), sandbox);

    /// <param name="sandbox">What the sandbox is started with, besides a free port and without the limit of calls.</param>
    public static async Task<RunningConnector> Start(ConnectorWish wish, params string[] sandbox)
    {
        var paddle = await Sandbox.Start(PaddleSandbox.Options.Parse(["--port", "0", "--transactions", "60", "--no-rate-limit", .. sandbox]));
        var running = new RunningConnector(
            wish, wish.Database ?? await ConnectorDatabase.Create(), wish.Vhost ?? await TestVhost.Create(), paddle);
        await running.host.StartAsync();
        return running;
    }

    /// <summary>Somebody with these permissions in the workspace, whose requests carry the token the gateway would make.</summary>
    public HttpClient As(params string[] permissions) => In(Workspace, permissions);

    public HttpClient In(string? workspace, params string[] permissions) => Caller(new(Person, "session:ses_test", "192.0.2.7"), workspace, permissions);

    /// <summary>What Paddle sends, as the gateway passes it on.</summary>
    public HttpClient FromPaddle() => Caller(new("paddle-webhook", "webhook", "192.0.2.9"), workspace: null, "webhook.deliver");

    public T Of<T>() where T : notnull => host.Services.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients) client.Dispose();
        Control.Dispose();
        await host.StopAsync(new CancellationToken(canceled: true));
        await host.DisposeAsync();
        await Paddle.DisposeAsync();
        if (wish.Vhost is null) await Vhost.DisposeAsync();
        if (wish.Database is null) await Database.DisposeAsync();
    }

    private string[] Arguments()
    {
        var heads = Path.Combine(Folder, Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture));
        return
        [
            "--urls=http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false", "--environment=Development",
            $"--ConnectionStrings:connector={Database.AddressOf("connector_app")}",
            $"--ConnectionStrings:connector_worker={Database.AddressOf("connector_worker")}",
            "--ConnectionStrings:console_inner=Host=127.0.0.1;Port=1;Database=console;Username=nobody;Password=x7fk20sj",
            $"--ConnectionStrings:ledger_tail={wish.Ledger?.Address ?? "Host=127.0.0.1;Port=1;Database=ledger;Username=nobody;Password=x7fk20sj"}",
            $"--ConnectionStrings:rabbitmq={Vhost.Address}", $"--Inner:Key={InnerKey}", $"--Heads:KeyFile={heads}.pem", $"--Heads:File={heads}.ndjson",
            $"--Vault:Keys:k1={VaultKey}", "--Vault:Current=k1",
            $"--Paddle:BaseUrls:{(wish.IsLive ? "live" : "sandbox")}={Paddle.Api}",
            $"--Paddle:BaseUrls:{(wish.IsLive ? "sandbox" : "live")}={wish.Other ?? Nowhere}", "--Paddle:CallsPerMinute=0",
            .. wish.Settings,
        ];
    }

    private HttpClient Caller(Caller caller, string? workspace, params string[] permissions)
    {
        var bearer = new FreshBearer(() => InnerTokens.Mint(ring, caller, workspace, permissions, wish.Time.GetUtcNow()));
        var client = new HttpClient(bearer) { BaseAddress = new(Address) };
        clients.Add(client);
        return client;
    }
}
