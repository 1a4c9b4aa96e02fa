namespace Allocora.AppHost;

/// <summary>A private PostgreSQL and RabbitMQ and nothing else: what the tests stand on.</summary>
internal sealed class PrivateServers(DataFolder data, Action<string> say) : IAsyncDisposable
{
    private readonly Launcher launcher = new();
    private readonly List<Supervised> started = [];

    /// <summary>Where the servers are, under the names that <c>tests/Testing</c> reads.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; private set; } = new Dictionary<string, string>();

    public async Task Start(CancellationToken ct)
    {
        var ports = data.Ports(["postgres", "amqp", "amqp-management", "amqp-distribution", "epmd"], new Dictionary<string, int>());
        var postgres = new PrivatePostgres(data, launcher, ports["postgres"], say);
        var rabbitmq = new PrivateRabbitMq(data, launcher, new(ports["amqp"], ports["amqp-management"], ports["amqp-distribution"], ports["epmd"]), say);
        await Task.WhenAll(StartPostgres(postgres, ct), StartRabbitMq(rabbitmq, ct));
        Environment = new Dictionary<string, string>
        {
            ["ALLOCORA_TEST_POSTGRES"] = postgres.ConnectionString,
            ["ALLOCORA_TEST_RABBITMQ"] = rabbitmq.Address,
            ["ALLOCORA_TEST_RABBITMQ_MANAGEMENT"] = rabbitmq.Management,
        };
    }

    public async ValueTask DisposeAsync()
    {
        started.Reverse();
        foreach (var server in started) await server.DisposeAsync();
    }

    private async Task StartPostgres(PrivatePostgres postgres, CancellationToken ct) => Add(await postgres.Start(ct));

    private async Task StartRabbitMq(PrivateRabbitMq rabbitmq, CancellationToken ct)
    {
        Add(await rabbitmq.StartNames(ct));
        Add(await rabbitmq.StartBroker(ct));
    }

    private void Add(Supervised server)
    {
        lock (started) started.Add(server);
    }
}
