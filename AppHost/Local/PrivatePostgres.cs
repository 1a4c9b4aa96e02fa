using System.Globalization;
using System.Text;
using Npgsql;

namespace Allocora.AppHost;

/// <summary>A PostgreSQL of our own under the data folder, on loopback, with its own superuser and password.</summary>
internal sealed class PrivatePostgres(DataFolder data, Launcher launcher, int port, Action<string> say)
{
    public const string Superuser = "allocora";
    private const string Installations = "/usr/lib/postgresql";
    private readonly string cluster = Path.Combine(data["postgres"], "data");
    private readonly LogFile log = new(data.LogPath("postgres"));

    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = Superuser,
        Password = data.Secret("postgres"),
        Database = "postgres",
    }.ConnectionString;

    public async Task<Supervised> Start(CancellationToken ct)
    {
        var programs = Programs();
        if (File.Exists(Path.Combine(cluster, "PG_VERSION")) && !data.Knows("postgres"))
            throw new StartFailure($"{data["secrets.json"]} does not hold the password of the data in {cluster}; put it back or use another --data.");
        var owner = ServerUser.ForPostgres();
        await MakeCluster(programs, owner, ct);
        var server = new Supervised(launcher, Server(programs, owner), log, WhyNotUsable, say, startAttempts: 5);
        await server.Start(TimeSpan.FromSeconds(60), ct);
        return server;
    }

    private async Task<string?> WhyNotUsable(CancellationToken ct) => (await PostgresCheck.WhyNotUsable(ConnectionString, ct))?.Sentence;

    private ProcessSpec Server(string programs, ServerUser owner) =>
        Spec("postgres", Path.Combine(programs, "postgres"), ["-D", cluster, .. Settings().SelectMany(s => new[] { "-c", s })], owner) with
        {
            StopSignal = Signals.Interrupt, // "fast": ends sessions and writes a checkpoint
            StopPatience = TimeSpan.FromSeconds(30),
            OrphanSignal = "QUIT",          // "immediate": the next start recovers from the log; a KILL would leave its children to notice by themselves
        };

    private IEnumerable<string> Settings() =>
    [
        $"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "cluster_name=allocora", "timezone=UTC", "log_timezone=UTC",
        "password_encryption=scram-sha-256", "max_connections=400", "logging_collector=off", "log_statement=none",
        "log_parameter_max_length=0", "log_parameter_max_length_on_error=0", // values can be customer data
    ];

    private async Task MakeCluster(string programs, ServerUser owner, CancellationToken ct)
    {
        if (File.Exists(Path.Combine(cluster, "PG_VERSION"))) return;

        // Made beside its place and moved there when whole, so that a start that was cut off does not leave half a cluster.
        var half = Path.Combine(data["postgres"], "half");
        if (Directory.Exists(half)) Directory.Delete(half, recursive: true);
        Directory.CreateDirectory(half);
        var password = Path.Combine(data["postgres"], "password");
        try
        {
            var secretly = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = DataFolder.OnlyOwner };
            await using (var file = new StreamWriter(password, Encoding.ASCII, secretly)) await file.WriteAsync(data.Secret("postgres"));
            owner.Give(data["postgres"]);
            // Keys are compared byte by byte: it is the same order for UTF-8, and a fourth of an append's time.
            string[] form = ["-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--lc-collate=C", "--data-checksums", "--no-instructions"];
            string[] whose = ["-D", half, "-U", Superuser, $"--pwfile={password}"];
            var run = await launcher.Start(Spec("initdb", Path.Combine(programs, "initdb"), [.. whose, .. form], owner), log);
            if (await run.Finish(ct) != 0) throw new StartFailure($"PostgreSQL cannot make its data folder: {run.Reason?.TrimEnd('.')}. Log: {log.Path}");
        }
        finally
        {
            File.Delete(password);
        }
        Directory.Move(half, cluster);
    }

    private ProcessSpec Spec(string name, string program, IReadOnlyList<string> arguments, ServerUser owner) =>
        new(name, program, arguments, ServerUser.PlainEnvironment, "/") { Become = owner.BecomeFor(data["postgres"]) };

    /// <summary>The newest PostgreSQL here, or the one that made the data there is.</summary>
    private string Programs()
    {
        var made = Path.Combine(cluster, "PG_VERSION") is var file && File.Exists(file) ? File.ReadAllText(file).Trim() : null;
        var installed = (Directory.Exists(Installations) ? Directory.GetDirectories(Installations) : [])
            .Where(d => File.Exists(Path.Combine(d, "bin", "postgres")))
            .Select(d => int.TryParse(Path.GetFileName(d), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : 0)
            .OrderDescending().ToList();
        if (installed.Count == 0) throw new StartFailure($"PostgreSQL is not installed under {Installations}; install it with: apt-get install postgresql");
        if (installed[0] < PostgresCheck.VersionMin)
            throw new StartFailure($"PostgreSQL {installed[0]} is too old, Allocora needs {PostgresCheck.VersionMin} or newer.");
        if (made is not null && installed.All(v => $"{v}" != made))
            throw new StartFailure($"The data in {cluster} was made by PostgreSQL {made}, which is not installed; install it or delete the folder.");
        return Path.Combine(Installations, made ?? $"{installed[0]}", "bin");
    }
}

/// <summary>Whether a PostgreSQL answers, lets us in and is new enough.</summary>
internal static class PostgresCheck
{
    public const int VersionMin = 15;

    /// <param name="Final">Waiting will not help.</param>
    internal sealed record Trouble(string Sentence, bool Final);

    public static async Task<Trouble?> WhyNotUsable(string connectionString, CancellationToken ct)
    {
        var where = new NpgsqlConnectionStringBuilder(connectionString);
        try
        {
            var once = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5 };
            await using var connection = new NpgsqlConnection(once.ConnectionString);
            await connection.OpenAsync(ct);
            var version = connection.PostgreSqlVersion.Major;
            if (version >= VersionMin) return null;
            return new($"PostgreSQL at {where.Host}:{where.Port} is version {version}, Allocora needs {VersionMin} or newer", Final: true);
        }
        catch (PostgresException e)
        {
            // Class 57P is a server that is starting or stopping.
            return new($"PostgreSQL at {where.Host}:{where.Port} answers: {e.MessageText}", Final: !e.SqlState.StartsWith("57P", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or System.Net.Sockets.SocketException)
        {
            return new($"PostgreSQL at {where.Host}:{where.Port} does not answer ({(e.InnerException ?? e).Message.TrimEnd('.')})", Final: false);
        }
    }
}
