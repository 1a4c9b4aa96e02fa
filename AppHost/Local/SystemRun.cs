using System.Text.Json.Nodes;
using Npgsql;

namespace Allocora.AppHost;

/// <summary>One run of the system: starts it in the order of need, keeps it alive, stops it in reverse.</summary>
internal sealed class SystemRun(Topology topology, RunOptions options, DataFolder data, Action<string> say) : IAsyncDisposable
{
    private readonly Launcher launcher = new();
    private readonly Lock starting = new();
    private readonly List<Supervised> started = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(3) };
    private Addresses addresses = null!;
    private PaddleStandIn? paddle;
    private string? source;
    private string postgres = "", broker = "";
    private volatile bool complete;

    public string ConsoleUrl => addresses.PublicUrl;

    /// <summary>Null when people sign in elsewhere.</summary>
    public string? SignInLink() => options.Environment.ContainsKey("Identity__Mode")
        ? null
        : AppHost.SignInLink.Make(addresses.PublicUrl, data.Key(Addresses.LinkKey), TimeProvider.System.GetUtcNow());

    public async Task Start(CancellationToken ct)
    {
        var ports = data.Ports(PortNames(), options.Port is { } port ? new Dictionary<string, int> { [Addresses.ConsoleDoor] = port } : []);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(ct);

        var ready = new Dictionary<string, Task>
        {
            [topology.PostgresServer!.Name] = StartPostgres(ports, failed.Token),
            [topology.BrokerServer!.Name] = StartBroker(ports, failed.Token),
            [topology.PaddleServer!.Name] = StartPaddle(ports, failed.Token),
        };
        addresses = new(ConnectionString, BrokerAddress, name => data[name], data.Key, ports, options.Environment)
        {
            BrokerAdmin = options.Broker is null ? BrokerOn(ports).Management : options.BrokerAdmin,
        };
        var databases = MakeDatabases(ready[topology.PostgresServer.Name], failed.Token);
        foreach (var database in topology.Databases) ready[database.Name] = databases;
        var needs = ready.ToDictionary();
        foreach (var service in topology.Services)
            ready[$"service {service.Name}"] = StartService(service, service.WaitsFor.Select(n => needs[n]), failed.Token);
        await AllOrFirstFailure(ready.Values, failed);

        using var shop = new DemoSource(addresses.PublicUrl, say);
        source = await shop.Connect(data.Demo(), paddle!.Key!, ct);
        complete = true;
        Record();
    }

    public async ValueTask DisposeAsync()
    {
        complete = false;
        data.Remove(RunFile.Name);
        List<Supervised> all;
        lock (starting) all = [.. started];
        // The console first, since it asks the services; the servers last, since everybody needs them.
        var order = topology.Services.Select(s => s.Name).ToList();
        foreach (var part in all.AsEnumerable().Reverse().OrderByDescending(p => order.IndexOf(p.Name))) await part.DisposeAsync();
        http.Dispose();
    }

    private static async Task AllOrFirstFailure(IEnumerable<Task> parts, CancellationTokenSource failed)
    {
        var open = parts.ToList();
        Exception? first = null;
        while (open.Count > 0)
        {
            var done = await Task.WhenAny(open);
            open.Remove(done);
            if (done.IsCompletedSuccessfully) continue;
            // What fails after the first was cancelled by it, and would only hide it.
            first ??= done.Exception?.GetBaseException() ?? new OperationCanceledException();
            await failed.CancelAsync();
        }
        if (first is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
    }

    private IEnumerable<string> PortNames()
    {
        foreach (var service in topology.Services) yield return service.Name;
        yield return Addresses.ConsoleDoor;
        yield return PaddleStandIn.Name;
        yield return PaddleStandIn.ControlName;
        if (options.Postgres is null) yield return "postgres";
        if (options.Broker is not null) yield break;
        foreach (var name in new[] { "amqp", "amqp-management", "amqp-distribution", "epmd" }) yield return name;
    }

    private async Task StartPostgres(IReadOnlyDictionary<string, int> ports, CancellationToken ct)
    {
        if (options.Postgres is { } given)
        {
            postgres = await GivenServers.Postgres(given, say, ct);
            return;
        }
        var server = new PrivatePostgres(data, launcher, ports["postgres"], say);
        postgres = server.ConnectionString;
        Add(await server.Start(ct));
        say("postgres is ready");
    }

    private async Task StartBroker(IReadOnlyDictionary<string, int> ports, CancellationToken ct)
    {
        if (options.Broker is { } given)
        {
            broker = await GivenServers.Broker(given, say, ct);
            say("the services share the broker user of ConnectionStrings__rabbitmq; each gets its own only on a broker of ours");
            return;
        }
        var server = BrokerOn(ports);
        broker = server.Address;
        Add(await server.StartNames(ct));
        Add(await server.StartBroker(ct));
        using var users = new BrokerUsers(new(server.Management), "/");
        foreach (var service in topology.Services.Where(s => s.Broker is not null))
            await users.Make(service.Name, service.Name, BrokerPassword(service), ct);
        say("rabbitmq is ready");
    }

    private PrivateRabbitMq BrokerOn(IReadOnlyDictionary<string, int> ports) =>
        new(data, launcher, new(ports["amqp"], ports["amqp-management"], ports["amqp-distribution"], ports["epmd"]), say);

    private async Task StartPaddle(IReadOnlyDictionary<string, int> ports, CancellationToken ct)
    {
        paddle = new PaddleStandIn(options, data, launcher, ports[PaddleStandIn.Name], ports[PaddleStandIn.ControlName], http, say);
        Add(await paddle.Start(ct));
        say("paddle's stand-in is ready");
    }

    private async Task MakeDatabases(Task server, CancellationToken ct)
    {
        await server;
        if (options.Postgres is null) await Provision.CloseCommonDatabases(postgres, ct);
        foreach (var database in topology.Databases)
        {
            var readers = topology.Services.Where(s => s.KeysIn == database).Select(s => database.KeysRole(s.Name));
            await Provision.Database(postgres, database, [.. readers], role => data.Secret($"role {role}"), ct);
        }
    }

    private async Task StartService(ServiceResource service, IEnumerable<Task> needs, CancellationToken ct)
    {
        await Task.WhenAll(needs);
        var assembly = Path.Combine(options.Root, service.Folder, "bin", options.Configuration, $"Allocora.{Path.GetFileName(service.Folder)}.dll");
        if (!File.Exists(assembly)) throw new StartFailure($"{service.Name} is not built ({assembly} is missing); run ./allocora up, which builds it.");

        await Migrate(service, assembly, ct);
        var told = addresses.EnvironmentOf(service);
        var spec = new ProcessSpec(service.Name, Environment.ProcessPath!, [assembly], told, options.Root);
        var log = new LogFile(data.LogPath(service.Name), Mirror(service.Name));
        var part = new Supervised(launcher, spec, log, c => WhyNotReady(addresses.Url(service), c), say);
        Add(part);
        await part.Start(TimeSpan.FromSeconds(60), ct);
        say($"{service.Name} is ready");
    }

    private async Task Migrate(ServiceResource service, string assembly, CancellationToken ct)
    {
        var told = addresses.EnvironmentToMigrate(service);
        var spec = new ProcessSpec($"{service.Name} migrate", Environment.ProcessPath!, [assembly, "migrate"], told, options.Root);
        var log = new LogFile(data.LogPath("migrate"), Mirror("migrate"));
        var run = await launcher.Start(spec, log);
        if (await run.Finish(ct) != 0) throw new StartFailure($"{run.Reason?.TrimEnd('.')}. Log: {log.Path}");
    }

    private async Task<string?> WhyNotReady(string url, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync($"{url}/healthz/ready", ct);
            if (response.IsSuccessStatusCode) return null;
            var body = JsonNode.Parse(await response.Content.ReadAsStringAsync(ct));
            var failing = body?["checks"]?.AsArray().Where(c => c?["ok"]?.GetValue<bool>() == false).Select(c => $"{c?["name"]}: {c?["detail"]}");
            return failing is null ? $"it answers {(int)response.StatusCode}" : string.Join("; ", failing);
        }
        catch (Exception e) when (e is TaskCanceledException && !ct.IsCancellationRequested)
        {
            return "it does not answer";
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or System.Text.Json.JsonException)
        {
            return "its answer is not a readiness";
        }
        catch (HttpRequestException)
        {
            return "it does not answer";
        }
    }

    private string ConnectionString(DatabaseResource database, string role) => role == database.OwnerRole
        ? new NpgsqlConnectionStringBuilder(postgres) { Database = database.Name, Options = $"-c role={role}" }.ConnectionString
        : new NpgsqlConnectionStringBuilder(postgres)
        {
            Database = database.Name,
            Username = role,
            Password = data.Secret($"role {role}"),
        }.ConnectionString;

    /// <summary>The address of a service's own user; ours, which may do everything, stays with us.</summary>
    private string BrokerAddress(ServiceResource service)
    {
        // Who only tells others where it is has no user, and does not wait for the broker.
        if (service.Broker is null) return new UriBuilder(options.Broker ?? broker) { UserName = "", Password = "" }.Uri.ToString();
        return options.Broker is not null
            ? broker
            : new UriBuilder(broker) { UserName = service.Name, Password = BrokerPassword(service) }.Uri.ToString();
    }

    private string BrokerPassword(ServiceResource service) => data.Secret($"broker {service.Name}");

    // What the servers write is many lines about themselves; ./allocora logs has it.
    private Action<string>? Mirror(string name) => options.Quiet ? null : line => Verbs.Say($"{name,-12}| {line}");

    private void Add(Supervised part)
    {
        part.Changed = Record;
        lock (starting) started.Add(part);
    }

    /// <summary>Tells the outside where everything is; once after the start and again whenever a pid has changed.</summary>
    private void Record()
    {
        if (!complete) return;
        try
        {
            lock (starting) WriteRunFile();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            say($"{RunFile.Name} could not be written, so ./allocora status may be wrong: {e.Message}");
        }
    }

    private void WriteRunFile()
    {
        var demo = data.Demo();
        var pids = started.ToDictionary(s => s.Name, s => s.ProcessId);
        data.Write(RunFile.Name, new RunFile(
            addresses.PublicUrl, $"{addresses.PublicUrl}/api/v1", paddle!.Url, paddle.Key!, paddle.Control, demo?.Workspace, source, demo?.Tokens,
            topology.Databases.ToDictionary(d => d.Name, d => new NpgsqlConnectionStringBuilder(postgres) { Database = d.Name }.ConnectionString),
            broker,
            topology.Services.ToDictionary(s => s.Name, s => new RunningService(addresses.Url(s), pids[s.Name])),
            pids.Where(p => topology.Services.All(s => s.Name != p.Key)).ToDictionary(p => p.Key, p => new RunningServer(p.Value)),
            Environment.ProcessId));
    }
}

/// <summary>What <c>run.json</c> in the data folder says while the system is up. It holds passwords: only its owner can read it.</summary>
internal sealed record RunFile(
    string Console, string Api, string Paddle, string PaddleKey, string PaddleControl, string? Workspace, string? Source,
    IReadOnlyDictionary<string, string>? Tokens,
    IReadOnlyDictionary<string, string> Postgres, string Rabbitmq, IReadOnlyDictionary<string, RunningService> Services,
    IReadOnlyDictionary<string, RunningServer> Servers, int AppHost)
{
    public const string Name = "run.json";
}

internal sealed record RunningService(string Url, int? Pid);

internal sealed record RunningServer(int? Pid);
