namespace Allocora.AppHost;

internal sealed record ServerResource(string Name);

internal sealed record DatabaseResource(string Name, ServerResource On)
{
    /// <summary>Owns the schema. Nobody signs in as it; whoever migrates takes the role.</summary>
    public string OwnerRole => $"{Name}_owner";

    /// <summary>Signs in for the service that owns the database, one workspace at a time.</summary>
    public string AppRole => $"{Name}_app";

    /// <summary>Signs in for the same service where it works for all workspaces: its queue, its projections.</summary>
    public string WorkerRole => $"{Name}_worker";

    /// <summary>Signs in for services downstream, which only read the log; also the name of their connection string.</summary>
    public string TailRole => $"{Name}_tail";

    /// <summary>The name of the connection string under which another service reads its keys here.</summary>
    public string KeysName => $"{Name}_inner";

    /// <summary>Signs in for that service, to read its own keys and nothing else.</summary>
    public string KeysRole(string service) => $"{KeysName}_{service}";
}

internal sealed record ServiceResource(
    string Name, string Folder, DatabaseResource Owns, DatabaseResource? KeysIn, IReadOnlyList<DatabaseResource> Tails, ServerResource? Broker,
    IReadOnlyList<ServiceResource> Calls, bool IsPublic)
{
    /// <summary>What stands in for the provider it reads.</summary>
    public ServerResource? Provider { get; init; }

    /// <summary>It keeps secrets of others, sealed with a key that only it has.</summary>
    public bool HasVault { get; init; }

    /// <summary>It makes the users on the broker with which subscribers sign in.</summary>
    public ServerResource? AccountsOn { get; init; }

    /// <summary>The name of that key.</summary>
    public string VaultKey => $"vault-key-{Name}";

    /// <summary>What has to be ready before the service is started.</summary>
    public IEnumerable<string> WaitsFor =>
        [Owns.Name, .. KeysIn is null ? [] : new[] { KeysIn.Name }, .. Tails.Select(t => t.Name), .. Broker is null ? [] : new[] { Broker.Name }];

    /// <summary>The name of the key that only this service and the gateway have.</summary>
    public string InnerKey => $"inner-key-{Name}";
}

/// <summary>The system as data: nothing here starts anything.</summary>
internal sealed class Topology
{
    private readonly List<DatabaseResource> databases = [];
    private readonly List<ServiceResource> services = [];

    public ServerResource? PostgresServer { get; private set; }
    public ServerResource? BrokerServer { get; private set; }

    /// <summary>What stands in for Paddle's API where there is no account to connect.</summary>
    public ServerResource? PaddleServer { get; private set; }

    public IReadOnlyList<DatabaseResource> Databases => databases;
    public IReadOnlyList<ServiceResource> Services => services;

    public ServerResource Postgres(string name) => PostgresServer = new(name);

    public ServerResource RabbitMq(string name) => BrokerServer = new(name);

    public ServerResource PaddleSandbox(string name) => PaddleServer = new(name);

    public DatabaseResource Database(string name, ServerResource on)
    {
        databases.Add(new(name, on));
        return databases[^1];
    }

    public ServiceResource Service(
        string name, string folder, DatabaseResource owns, DatabaseResource? keysIn = null, IReadOnlyList<DatabaseResource>? tails = null,
        ServerResource? broker = null, IReadOnlyList<ServiceResource>? calls = null, bool isPublic = false, ServerResource? provider = null,
        bool hasVault = false, ServerResource? accountsOn = null)
    {
        services.Add(new(name, folder, owns, keysIn, tails ?? [], broker, calls ?? [], isPublic)
        {
            Provider = provider,
            HasVault = hasVault,
            AccountsOn = accountsOn,
        });
        return services[^1];
    }
}

/// <summary>Where things are in one run.</summary>
internal sealed record Addresses(
    Func<DatabaseResource, string, string> ConnectionString, Func<ServiceResource, string> BrokerAddress, Func<string, string> PathOf,
    Func<string, string> KeyOf, IReadOnlyDictionary<string, int> Ports, IReadOnlyDictionary<string, string> Inherited)
{
    public const string ConsoleDoor = "console-public";

    /// <summary>The broker's management API with a user that may make users; null when nobody said how to reach it.</summary>
    public string? BrokerAdmin { get; init; }

    /// <summary>The key of the links with which the person at this machine signs in.</summary>
    public const string LinkKey = "link-key";

    /// <summary>Where the console puts the demo's workspace and its API keys.</summary>
    public const string DemoFile = "demo.json";

    // Each of them would let a service listen elsewhere than where the others look for it, off loopback even.
    private static readonly string[] MovesAService =
        [.. from prefix in new[] { "", "ASPNETCORE_", "DOTNET_" } from name in new[] { "URLS", "HTTP_PORTS", "HTTPS_PORTS" } select prefix + name];

    /// <summary>Where a service answers other services, and where its health is asked for.</summary>
    public string Url(ServiceResource service) => $"http://127.0.0.1:{Ports[service.Name]}";

    /// <summary>Where people reach a public service.</summary>
    public string PublicUrl => $"http://127.0.0.1:{Ports[ConsoleDoor]}";

    /// <summary>A service's whole configuration, under the names Aspire gives it.</summary>
    public Dictionary<string, string> EnvironmentOf(ServiceResource service)
    {
        // The connection strings we were given ourselves open every database; a service gets its own and no other.
        var environment = Inherited.Where(pair => !IsOurs(pair.Key)).ToDictionary();
        environment["OTEL_SERVICE_NAME"] = service.Name;
        environment["ASPNETCORE_ENVIRONMENT"] = "Development"; // what is not fit to be reached from elsewhere only starts there
        environment["ASPNETCORE_URLS"] = service.IsPublic ? PublicUrl : Url(service);
        if (service.IsPublic) environment["Internal__Port"] = $"{Ports[service.Name]}";
        environment[$"ConnectionStrings__{service.Owns.Name}"] = ConnectionString(service.Owns, service.Owns.AppRole);
        environment[$"ConnectionStrings__{service.Owns.WorkerRole}"] = ConnectionString(service.Owns, service.Owns.WorkerRole);
        foreach (var tail in service.Tails) environment[$"ConnectionStrings__{tail.TailRole}"] = ConnectionString(tail, tail.TailRole);
        // Outside the database, so that they tell on whoever tampers inside.
        environment["Heads__KeyFile"] = PathOf($"heads/{service.Name}-key.pem");
        environment["Heads__File"] = PathOf($"heads/{service.Name}.ndjson");
        if (service.Broker is { } broker) environment[$"ConnectionStrings__{broker.Name}"] = BrokerAddress(service);
        if (service.AccountsOn is { } accounts && BrokerAdmin is { } admin)
        {
            environment[$"ConnectionStrings__{accounts.Name}"] = BrokerAddress(service);
            environment[$"ConnectionStrings__{accounts.Name}_admin"] = admin;
        }
        if (service.KeysIn is { } keys)
        {
            environment[$"ConnectionStrings__{keys.KeysName}"] = ConnectionString(keys, keys.KeysRole(service.Name));
            environment["Inner__Key"] = KeyOf(service.InnerKey);
        }
        if (service.HasVault)
        {
            environment["Vault__Keys__k1"] = KeyOf(service.VaultKey);
            environment["Vault__Current"] = "k1";
        }
        // Keys of Paddle's sandbox open the stand-in; live ones open Paddle.
        if (service.Provider is { } provider) environment.TryAdd("Paddle__BaseUrls__sandbox", $"http://127.0.0.1:{Ports[provider.Name]}");
        foreach (var callee in service.Calls)
        {
            environment[$"services__{callee.Name}__http__0"] = Url(callee);
            environment[$"Inner__Keys__{callee.Name}"] = KeyOf(callee.InnerKey);
        }
        if (service.IsPublic) SignIn(environment);
        return environment;
    }

    // Somebody who tries their own identity provider here has said so in the environment.
    private void SignIn(Dictionary<string, string> environment)
    {
        environment["Session__Key"] = KeyOf("session-key");
        if (!environment.TryAdd("Identity__Mode", "local")) return;
        environment["Identity__LinkKey"] = KeyOf(LinkKey);
        environment["Demo__File"] = PathOf(DemoFile);
    }

    /// <summary>What the program of a service is told when it is to bring its schema up to date, which is all it may do then.</summary>
    public Dictionary<string, string> EnvironmentToMigrate(ServiceResource service)
    {
        var environment = Inherited.Where(pair => !IsOurs(pair.Key)).ToDictionary();
        environment[$"ConnectionStrings__{service.Owns.OwnerRole}"] = ConnectionString(service.Owns, service.Owns.OwnerRole);
        return environment;
    }

    private static bool IsOurs(string key) =>
        key.StartsWith("ConnectionStrings__", StringComparison.OrdinalIgnoreCase)
        || key.StartsWith("services__", StringComparison.OrdinalIgnoreCase)
        || key.StartsWith("ALLOCORA_", StringComparison.Ordinal)
        || key.Contains("Kestrel__", StringComparison.OrdinalIgnoreCase)
        || MovesAService.Contains(key.ToUpperInvariant())
        || key is "Internal__Port" or "OTEL_SERVICE_NAME";
}
