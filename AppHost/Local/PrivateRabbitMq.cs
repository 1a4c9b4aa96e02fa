using System.Net.Sockets;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Allocora.AppHost;

/// <summary>A RabbitMQ of our own under the data folder, on loopback, with its own name server (epmd), cookie, user and password.</summary>
internal sealed class PrivateRabbitMq(DataFolder data, Launcher launcher, BrokerPorts ports, Action<string> say)
{
    private const string Programs = "/usr/lib/rabbitmq/bin", Program = $"{Programs}/rabbitmq-server", User = "allocora";

    // A quorum queue of RabbitMQ 3.10 that a client reaches before it has elected its leader may never elect one (#10070), and
    // after a kill our services are back before the queues are. Told to, each elects; one that has a leader ignores it.
    private const string Elect = "[catch ra:trigger_election(amqqueue:get_pid(Q)) || Q <- rabbit_amqqueue:list_by_type(rabbit_quorum_queue)].";

    private readonly string folder = data["rabbitmq"];

    public string Address => $"amqp://{User}:{data.Secret("rabbitmq")}@127.0.0.1:{ports.Amqp}/";

    public string Management => $"http://{User}:{data.Secret("rabbitmq")}@127.0.0.1:{ports.Management}";

    /// <summary>The name server has to be there first.</summary>
    public async Task<Supervised> StartNames(CancellationToken ct)
    {
        if (!File.Exists(Program)) throw new StartFailure($"RabbitMQ is not installed ({Program}); install it with: apt-get install rabbitmq-server");
        WriteConfiguration();
        var names = new Supervised(launcher, NameServer(), new LogFile(data.LogPath("epmd")), WhyNamesDoNotAnswer, say, startAttempts: 3);
        await names.Start(TimeSpan.FromSeconds(10), ct);
        return names;
    }

    public async Task<Supervised> StartBroker(CancellationToken ct)
    {
        var log = new LogFile(data.LogPath("rabbitmq"));
        var broker = new Supervised(launcher, Broker(), log, c => WhyBrokerDoesNotWork(log, c), say, startAttempts: 5);
        await broker.Start(TimeSpan.FromSeconds(90), ct);
        return broker;
    }

    // The broker would start one itself, as a daemon that outlives it and listens on every address.
    private ProcessSpec NameServer() => new("epmd", "epmd", ["-address", "127.0.0.1", "-port", $"{ports.Names}"], ServerUser.PlainEnvironment, "/");

    private ProcessSpec Broker() => new("rabbitmq", Program, [], BrokerEnvironment(), folder) { StopPatience = TimeSpan.FromSeconds(20) };

    private Dictionary<string, string> BrokerEnvironment() => new(ServerUser.PlainEnvironment)
    {
        ["HOME"] = folder,
        ["RABBITMQ_NODENAME"] = "allocora@localhost",
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_LOG"] = "-color",
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "rabbitmq-env.conf"),
        ["RABBITMQ_DIST_PORT"] = $"{ports.Distribution}",
        ["ERL_EPMD_PORT"] = $"{ports.Names}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        // Idle schedulers sleep instead of spinning: this shares a machine with a developer.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
        // The start script then becomes the broker instead of waiting for it, so the pid and its signals are the broker's own.
        ["RUNNING_UNDER_SYSTEMD"] = "true",
    };

    private void WriteConfiguration()
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteSecret("rabbitmq.conf", $"""
            listeners.tcp.1 = 127.0.0.1:{ports.Amqp}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {ports.Management}
            default_user = {User}
            default_pass = {data.Secret("rabbitmq")}
            vm_memory_high_watermark.absolute = 512MB
            consumer_timeout = 300000
            """);
        WriteSecret(".erlang.cookie", data.Secret("cookie"));
        WriteSecret("enabled_plugins", "[rabbitmq_management].");
        WriteSecret("rabbitmq-env.conf", "");
    }

    private void WriteSecret(string name, string content)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task<string?> WhyBrokerDoesNotWork(LogFile log, CancellationToken ct)
    {
        if (await BrokerCheck.WhyNotUsable(Address, ct) is { } trouble) return trouble.Sentence;
        var spec = new ProcessSpec("rabbitmqctl", $"{Programs}/rabbitmqctl", ["--quiet", "eval", Elect], BrokerEnvironment(), folder);
        var control = await launcher.Start(spec, log);
        return await control.Finish(ct) == 0 ? null : $"the queues of RabbitMQ cannot be told to elect their leaders ({control.Reason})";
    }

    private async Task<string?> WhyNamesDoNotAnswer(CancellationToken ct)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", ports.Names, ct);
            return null;
        }
        catch (SocketException e)
        {
            return $"epmd does not answer on port {ports.Names} ({e.Message})";
        }
    }
}

internal sealed record BrokerPorts(int Amqp, int Management, int Distribution, int Names);

/// <summary>Whether a RabbitMQ answers and lets us in; an open port is not enough, it opens before the broker can work.</summary>
internal static class BrokerCheck
{
    public static async Task<PostgresCheck.Trouble?> WhyNotUsable(string address, CancellationToken ct)
    {
        var uri = new Uri(address);
        var where = $"RabbitMQ at {uri.Host}:{(uri.Port < 0 ? 5672 : uri.Port)}";
        try
        {
            var factory = new ConnectionFactory { Uri = uri, ClientProvidedName = "allocora-check", RequestedConnectionTimeout = TimeSpan.FromSeconds(5) };
            await using var connection = await factory.CreateConnectionAsync(ct);
            // A virtual host that is not there, or not ours, is told only now.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: ct);
            return null;
        }
        catch (OperationInterruptedException e)
        {
            return new($"{where} answers: {e.ShutdownReason?.ReplyText.TrimEnd('.')}", Final: true);
        }
        catch (BrokerUnreachableException e)
        {
            return e.GetBaseException() switch
            {
                AuthenticationFailureException => new($"{where} refuses the user or password", Final: true),
                OperationInterruptedException { ShutdownReason: { } shutdown } => new($"{where} answers: {shutdown.ReplyText}", Final: true),
                var cause => new($"{where} does not answer ({cause.Message.TrimEnd('.')})", Final: false),
            };
        }
    }
}
