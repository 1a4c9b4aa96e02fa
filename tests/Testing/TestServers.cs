using Allocora.AppHost;

namespace Allocora.Testing;

/// <summary>
/// The real PostgreSQL and RabbitMQ all tests of a run share: the ones the environment names (<c>./allocora test</c> starts
/// them once for all test programs), otherwise a private pair of this process that ends with it.
/// </summary>
public sealed class TestServers
{
    private static readonly Lazy<Task<TestServers>> Shared = new(Find, LazyThreadSafetyMode.ExecutionAndPublication);

    private TestServers(IReadOnlyDictionary<string, string> environment)
    {
        Postgres = environment["ALLOCORA_TEST_POSTGRES"];
        Broker = new Uri(environment["ALLOCORA_TEST_RABBITMQ"]);
        Management = environment.TryGetValue("ALLOCORA_TEST_RABBITMQ_MANAGEMENT", out var given) && given != ""
            ? new Uri(given)
            : new UriBuilder("http", Broker.Host, 15672) { UserName = Broker.UserInfo.Split(':')[0], Password = Broker.UserInfo.Split(':')[^1] }.Uri;
    }

    /// <summary>A superuser's connection string.</summary>
    public string Postgres { get; }

    public Uri Broker { get; }

    /// <summary>The broker's management API, user and password included.</summary>
    public Uri Management { get; }

    public static Task<TestServers> Get() => Shared.Value;

    private static async Task<TestServers> Find()
    {
        var names = new[] { "ALLOCORA_TEST_POSTGRES", "ALLOCORA_TEST_RABBITMQ", "ALLOCORA_TEST_RABBITMQ_MANAGEMENT" };
        var given = names.ToDictionary(n => n, n => Environment.GetEnvironmentVariable(n) ?? "");
        if (given[names[0]] != "" && given[names[1]] != "") return new(given);

        var folder = Directory.CreateTempSubdirectory("allocora-tests-");
        var servers = new PrivateServers(DataFolder.Open(folder.FullName), _ => { });
        await servers.Start(CancellationToken.None);
        // xunit has no end-of-run hook that all test programs share; the kernel ends the servers should this not run.
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            servers.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(30));
            folder.Delete(recursive: true);
        };
        return new(names.ToDictionary(n => n, n => given[n] != "" ? given[n] : servers.Environment[n]));
    }
}
