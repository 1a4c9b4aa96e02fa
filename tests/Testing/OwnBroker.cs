using System.Diagnostics;
using Allocora.AppHost;

namespace Allocora.Testing;

/// <summary>A RabbitMQ of a test class's own, to be killed, emptied and starved.</summary>
public sealed class OwnBroker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly string folder = Directory.CreateTempSubdirectory("allocora-broker-").FullName;
    private readonly DataFolder data;
    private readonly BrokerPorts ports;
    private readonly PrivateRabbitMq server;
    private Supervised? names, broker;

    private OwnBroker()
    {
        data = DataFolder.Open(folder);
        var free = data.Ports(["amqp", "management", "distribution", "names"], new Dictionary<string, int>());
        ports = new(free["amqp"], free["management"], free["distribution"], free["names"]);
        server = new(data, new Launcher(), ports, _ => { });
    }

    public Uri Address => new(server.Address);

    public static async Task<OwnBroker> Start()
    {
        var own = new OwnBroker();
        own.names = await own.server.StartNames(CancellationToken.None);
        own.broker = await own.server.StartBroker(CancellationToken.None);
        return own;
    }

    /// <summary>Ends it in the middle of whatever it does, and returns when it works again.</summary>
    public async Task Kill()
    {
        var before = broker!.ProcessId!.Value;
        Signals.Send(before, Signals.Kill);
        await Eventually.Sees(() => broker.ProcessId, pid => pid is { } now && now != before, Patience);
        await Eventually.Sees(ct => BrokerCheck.WhyNotUsable(server.Address, ct), trouble => trouble is null, Patience);
    }

    /// <summary>
    /// Has it write down which queues it has. RabbitMQ 3.10.8, killed about 4 s after a quorum queue was declared, came back with a
    /// new, empty queue of that name, and what it had confirmed lay in a folder nobody opens; after this, it did not.
    /// </summary>
    public Task WriteDownItsQueues() => Control("eval", "dets:sync(ra_directory_reverse).");

    /// <summary>Stops it, deletes all it knew, and starts it empty.</summary>
    public async Task LoseData()
    {
        await broker!.DisposeAsync();
        Directory.Delete(Path.Combine(data["rabbitmq"], "mnesia"), recursive: true);
        broker = await server.StartBroker(CancellationToken.None);
    }

    /// <summary>Sets the share of the machine's memory above which it takes no messages.</summary>
    public Task SetMemoryLimit(string share) => Control("set_vm_memory_high_watermark", share);

    public async ValueTask DisposeAsync()
    {
        if (broker is not null) await broker.DisposeAsync();
        if (names is not null) await names.DisposeAsync();
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task Control(params string[] command)
    {
        var info = new ProcessStartInfo("/usr/lib/rabbitmq/bin/rabbitmqctl", ["-n", "allocora@localhost", .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment["HOME"] = data["rabbitmq"]; // the cookie is there
        info.Environment["ERL_EPMD_PORT"] = $"{ports.Names}";
        info.Environment["ERL_EPMD_ADDRESS"] = "127.0.0.1";
        info.Environment["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(data["rabbitmq"], "rabbitmq-env.conf");
        using var run = Process.Start(info)!;
        var said = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        if (run.ExitCode != 0) throw new InvalidOperationException($"rabbitmqctl {string.Join(' ', command)}: {string.Concat(said)}");
    }
}
