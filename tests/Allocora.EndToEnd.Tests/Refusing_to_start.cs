using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Allocora.Testing;
using Npgsql;

namespace Allocora.EndToEnd.Tests;

/// <summary>The programs as they are built, in production, each with one thing wrong: they end with one line that names it.</summary>
public sealed class Refusing_to_start : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-start-");
    private readonly string password = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
    private readonly List<string> secrets = [];
    private OwnPostgres postgres = null!;

    public async Task InitializeAsync()
    {
        postgres = await OwnPostgres.Start();
        secrets.Add(password);
        foreach (var service in new[] { "console", "ledger" })
        {
            await Tell("postgres", $"create database {service}");
            var owner = new NpgsqlConnectionStringBuilder(postgres.Superuser) { Database = service }.ConnectionString;
            var (code, said) = await Run(service, new() { [$"ConnectionStrings__{service}_owner"] = owner }, "migrate");
            Assert.True(code == 0, said);
            foreach (var role in new[] { "app", "worker", "tail" }) await Tell(service, $"alter role {service}_{role} login password '{password}'");
        }
        await Tell("console", $"alter role console_inner_ledger login password '{password}'");
    }

    public async Task DisposeAsync()
    {
        await postgres.DisposeAsync();
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task With_a_setting_that_lets_in_the_wrong_people()
    {
        await Refuses("console", "Identity__Mode", new() { ["Identity__Mode"] = "local", ["Identity__LinkKey"] = Key() });
        await Refuses("console", "Oidc__Authority", new() { ["Oidc__Authority"] = "http://id.example.com" });
        await Refuses("ledger", "ConnectionStrings__ledger", new() { ["ConnectionStrings__ledger"] = "Host=127.0.0.1;Username=ledger_app;Password=postgres" });
        await Refuses("ledger", "ConnectionStrings__rabbitmq", new() { ["ConnectionStrings__rabbitmq"] = "amqp://guest:guest@127.0.0.1:5672/" });
        await Refuses("ledger", "ASPNETCORE_URLS", new() { ["ASPNETCORE_ENVIRONMENT"] = "Development", ["ASPNETCORE_URLS"] = "http://0.0.0.0:0" });
    }

    [Theory]
    [InlineData("console", "Session__Key")]
    [InlineData("console", "Inner__Keys__ledger")]
    [InlineData("ledger", "Inner__Key")]
    public async Task Without_a_key(string service, string key) => await Refuses(service, key, new() { [key] = "" });

    [Fact]
    public async Task On_a_database_that_does_not_keep_what_it_is_told_or_does_not_keep_it_apart()
    {
        await Refuses("ledger", "ConnectionStrings__ledger", [], "fsync=off", "alter system set fsync = off", "alter system reset fsync");
        await Refuses("ledger", "ConnectionStrings__ledger", [], "mt_streams",
            "alter table ledger.mt_streams disable row level security", "alter table ledger.mt_streams enable row level security");
        await Refuses("ledger", "ConnectionStrings__ledger", [], "ledger_app", "alter role ledger_app bypassrls", "alter role ledger_app nobypassrls");
    }

    [Fact]
    public async Task With_nothing_wrong_the_console_does_start_and_keeps_to_https()
    {
        var port = FreePort();
        var settings = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = $"https://127.0.0.1:{port}",
            ["Kestrel__Certificates__Default__Path"] = Certificate(),
            ["Kestrel__Certificates__Default__Password"] = password,
            ["Gateway__TrustedProxies__0"] = "127.0.0.0/8",
        };
        var log = LogOf("console");
        await using var console = await Start("console", log, Settings("console", settings));
#pragma warning disable CA5359 // the certificate is of the test's own making
        using var http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
        })
        { BaseAddress = new($"https://127.0.0.1:{port}") };
#pragma warning restore CA5359
        var first = await Eventually.Sees(async ct => await http.GetAsync("/sign-in/link?t=x", ct), _ => true, Patience);

        var cookie = Assert.Single(first.Headers.GetValues("Set-Cookie"));
        Assert.StartsWith("__Host-allocora-form=", cookie, StringComparison.Ordinal);
        Assert.All(new[] { "; path=/", "; secure", "; samesite=strict", "; httponly" }, part => Assert.Contains(part, cookie,
            StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
        foreach (var path in new[] { "/sign-in", "/", "/nowhere", "/allocora.css", "/api/v1/me", "/api/v1/workspaces/demo/ledger/head", "/sign-in/provider" })
        {
            using var answer = await http.GetAsync(path);
            Assert.True(answer.Headers.Contains("Strict-Transport-Security"), path);
            Assert.StartsWith("max-age=31536000", Assert.Single(answer.Headers.GetValues("Strict-Transport-Security")), StringComparison.Ordinal);
            Assert.StartsWith("default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        }
        Assert.DoesNotContain(secrets, secret => File.ReadAllText(log).Contains(secret, StringComparison.Ordinal));
    }

    private async Task Refuses(string service, string setting, Dictionary<string, string> settings, string why, string harm, string repair)
    {
        var database = harm.Contains("system", StringComparison.Ordinal) ? "postgres" : service;
        await Tell(database, harm);
        await Tell(database, "select pg_reload_conf()");
        if (why == "fsync=off") await Eventually.Sees(async _ => await Tell(database, "show fsync"), seen => seen is "off");
        try
        {
            Assert.Contains(why, await Refuses(service, setting, settings), StringComparison.Ordinal);
        }
        finally
        {
            await Tell(database, repair);
            await Tell(database, "select pg_reload_conf()");
            if (why == "fsync=off") await Eventually.Sees(async _ => await Tell(database, "show fsync"), seen => seen is "on");
        }
    }

    private async Task<string> Refuses(string service, string setting, Dictionary<string, string> settings)
    {
        var (code, said) = await Run(service, Settings(service, settings));

        Assert.True(code != 0, $"{service} ended with 0: {said}");
        var lines = said.Split('\n').Where(line => line.Contains($"{service} cannot start: ", StringComparison.Ordinal)).ToList();
        Assert.True(lines.Count == 1, $"{setting}: {said}");
        Assert.Contains($" {setting} ", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        Assert.DoesNotContain(secrets.Concat(["Password=postgres", "guest:guest"]), secret => said.Contains(secret, StringComparison.Ordinal));
        return lines[0];
    }

    /// <summary>With which the program starts, but for those that are put in their place.</summary>
    private Dictionary<string, string> Settings(string service, Dictionary<string, string> changed)
    {
        var settings = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
            [$"ConnectionStrings__{service}"] = AddressOf(service, $"{service}_app"),
            [$"ConnectionStrings__{service}_worker"] = AddressOf(service, $"{service}_worker"),
            ["ConnectionStrings__console_inner"] = AddressOf("console", "console_inner_ledger"),
            ["ConnectionStrings__console_tail"] = AddressOf("console", "console_tail"),
            ["ConnectionStrings__rabbitmq"] = $"amqp://ledger:{password}@127.0.0.1:1/",
            ["Heads__KeyFile"] = Path.Combine(folder.FullName, $"{service}.pem"),
            ["Heads__File"] = Path.Combine(folder.FullName, $"{service}.ndjson"),
        };
        if (service == "console")
        {
            settings.Remove("ConnectionStrings__console_inner");
            (settings["AllowedHosts"], settings["Session__Key"], settings["Identity__Mode"]) = ("127.0.0.1", Key(), "oidc");
            (settings["Oidc__Authority"], settings["Oidc__ClientId"], settings["Oidc__ClientSecret"]) = ("https://127.0.0.1:1", "allocora", password);
            foreach (var other in new[] { "connector", "ledger", "calculation", "statements" })
            {
                settings[$"ConnectionStrings__{other}_tail"] = AddressOf("ledger", "ledger_tail");
                settings[$"services__{other}__http__0"] = "http://127.0.0.1:1";
                settings[$"Inner__Keys__{other}"] = Key();
            }
        }
        else
        {
            settings["Inner__Key"] = Key();
        }
        foreach (var (key, value) in changed) settings[key] = value;
        return settings;
    }

    private async Task<(int Code, string Said)> Run(string service, Dictionary<string, string> settings, params string[] words)
    {
        var log = LogOf(service);
        int code;
        // Not before it is released has all that it said arrived; and not all programs say something.
        await using (var program = await Start(service, log, settings, words)) code = await program.Exited.WaitAsync(Patience);
        return (code, File.Exists(log) ? await File.ReadAllTextAsync(log) : "");
    }

    private static async Task<ChildProgram> Start(string service, string log, Dictionary<string, string> settings, params string[] words)
    {
        var built = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var configuration = Path.Combine(Path.GetFileName(Path.GetDirectoryName(built)!), Path.GetFileName(built));
        var name = $"{char.ToUpperInvariant(service[0])}{service[1..]}";
        var program = Path.Combine(Repository.Root, "Services", name, "bin", configuration, $"Allocora.{name}.dll");
        return await ChildProgram.Start(Path.GetFileName(log)[..^$"-{Environment.ProcessId}.log".Length], "dotnet", "/", settings, [program, .. words]);
    }

    // Where the launcher of the tests writes what a program of that name says.
    private string LogOf(string service) => Path.Combine(Path.GetTempPath(), $"{service}-{folder.Name}-{Guid.NewGuid():N}-{Environment.ProcessId}.log");

    private string AddressOf(string database, string role) =>
        new NpgsqlConnectionStringBuilder(postgres.Superuser) { Database = database, Username = role, Password = password }.ConnectionString;

    private string Key()
    {
        secrets.Add(Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));
        return secrets[^1];
    }

    private string Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.Combine(folder.FullName, "console.pfx");
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pkcs12, password));
        return file;
    }

    private async Task<object?> Tell(string database, string statement)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(postgres.Superuser) { Database = database, Pooling = false }.ConnectionString);
        await connection.OpenAsync();
#pragma warning disable CA2100 // statements of this test
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
