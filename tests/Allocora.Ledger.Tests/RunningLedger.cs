using System.Collections.Concurrent;
using System.Globalization;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Allocora.Ledger.Tests;

/// <summary>The Ledger's own host over real HTTP with its database and broker, asked past the gateway.</summary>
internal sealed class RunningLedger : IAsyncDisposable
{
    public const string Workspace = "ws_01hf7yat00000000000000000a", OtherWorkspace = "ws_01hf7yat00000000000000000b",
        Person = "usr_01hf7yat00000000000000000a";
    private static readonly string InnerKey = Convert.ToBase64String(Enumerable.Repeat((byte)1, 32).ToArray());
    private static readonly string Folder = Directory.CreateTempSubdirectory("allocora-ledger-").FullName;
    private static int last;
    private readonly WebApplication host;
    private readonly KeyRing ring;
    private readonly string heads = Path.Combine(Folder, Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture));
    private readonly List<HttpClient> clients = [];

    static RunningLedger() => AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Folder, recursive: true);

    private RunningLedger(ServiceDatabase database, ConsoleLog console, TestVhost vhost, Action<WebApplicationBuilder>? more)
    {
        (Database, Console, Vhost) = (database, console, vhost);
        ring = InnerTokens.RingFor("ledger", new KeysInMemory(), "Inner__Key", InnerKey, NullLoggerFactory.Instance);
        var log = new LoggedLines(Logged);
        host = Service.Build("ledger", Arguments(database, console, vhost, heads), builder =>
        {
            builder.Logging.ClearProviders().AddProvider(log);
            builder.AddLedger();
            builder.Services.AddSingleton(ring);
            more?.Invoke(builder);
        }, app => app.MapLedger());
    }

    public ServiceDatabase Database { get; }

    /// <summary>Where it reads which workspaces there are; both of the tests are.</summary>
    public ConsoleLog Console { get; }

    public TestVhost Vhost { get; }

    public ConcurrentQueue<string> Logged { get; } = [];

    /// <summary>Where its heads are signed, and with which key.</summary>
    public (string File, string Key) Heads => ($"{heads}.ndjson", $"{heads}.pem");

    public string Address => host.Urls.First();

    /// <param name="more">What is added to, or put in the place of, what the Ledger itself adds.</param>
    public static async Task<RunningLedger> Start(Action<WebApplicationBuilder>? more = null, ServiceDatabase? database = null)
    {
        var console = await ConsoleLog.Create();
        await console.Open(Workspace);
        await console.Open(OtherWorkspace);
        var running = new RunningLedger(database ?? await ServiceDatabase.Create(LedgerModule.Schema), console, await TestVhost.Create(), more);
        await running.host.StartAsync();
        return running;
    }

    public T Of<T>() where T : notnull => host.Services.GetRequiredService<T>();

    /// <summary>Somebody with these permissions in the workspace, whose requests carry the token the gateway would make.</summary>
    public HttpClient As(params string[] permissions) => In(Workspace, permissions);

    public HttpClient In(string? workspace, params string[] permissions)
    {
        var bearer = new FreshBearer(() => InnerTokens.Mint(
            ring, new(Person, "session:ses_test", "192.0.2.7"), workspace, permissions, TimeProvider.System.GetUtcNow()));
        var client = new HttpClient(bearer) { BaseAddress = new(Address) };
        clients.Add(client);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in clients) client.Dispose();
        await host.StopAsync(new CancellationToken(canceled: true));
        await host.DisposeAsync();
        await Vhost.DisposeAsync();
        await Console.DisposeAsync();
        await Database.DisposeAsync();
    }

    /// <summary>What a program is told that is to be this ledger.</summary>
    public static string[] Arguments(ServiceDatabase database, ConsoleLog console, TestVhost vhost, string heads) =>
    [
        "--urls=http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false", "--environment=Development",
        $"--ConnectionStrings:ledger={database.AddressOf("app")}", $"--ConnectionStrings:ledger_worker={database.AddressOf("worker")}",
        $"--ConnectionStrings:console_tail={console.Address}",
        "--ConnectionStrings:console_inner=Host=127.0.0.1;Port=1;Database=console;Username=nobody;Password=x7fk20sj",
        $"--ConnectionStrings:rabbitmq={vhost.Address}", $"--Inner:Key={InnerKey}", $"--Heads:KeyFile={heads}.pem", $"--Heads:File={heads}.ndjson",
    ];
}
