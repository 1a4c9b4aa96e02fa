using Allocora.AppHost;

namespace Allocora.Testing;

/// <summary>A PostgreSQL that a test may stop as it likes; it is started again each time.</summary>
public sealed class OwnPostgres : IAsyncDisposable
{
    private const int Quit = 3;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-postgres-");
    private readonly DataFolder data;
    private Supervised server = null!;

    private OwnPostgres() => data = DataFolder.Open(folder.FullName);

    /// <summary>A superuser's connection string.</summary>
    public string Superuser { get; private set; } = "";

    public static async Task<OwnPostgres> Start()
    {
        var own = new OwnPostgres();
        var port = own.data.Ports(["postgres"], new Dictionary<string, int>())["postgres"];
        var postgres = new PrivatePostgres(own.data, new Launcher(), port, _ => { });
        (own.Superuser, own.server) = (postgres.ConnectionString, await postgres.Start(CancellationToken.None));
        return own;
    }

    /// <summary>Ends it as <c>pg_ctl stop -m immediate</c> does, without a checkpoint, and waits until another run has begun.</summary>
    public async Task StopImmediately()
    {
        var before = server.ProcessId;
        if (before is { } pid) Signals.Send(pid, Quit);
        await Eventually.Sees(() => server.ProcessId, now => now is not null && now != before, TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        data.Dispose();
        folder.Delete(recursive: true);
    }
}
