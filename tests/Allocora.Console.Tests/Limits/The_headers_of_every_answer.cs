using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Allocora.Console.Tests;

/// <summary>S-WEB-1: over https, on whatever the running host answers.</summary>
public sealed partial class The_headers_of_every_answer
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

    [Fact]
    public async Task Every_endpoint_of_the_running_host_and_every_kind_of_refusal()
    {
        await using var console = await Start("--Limits:SignIn=1");
        using var http = Client(console);
        var routes = console.Provider.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();
        var asked = routes.SelectMany(route => (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"])
            .Select(method => (Method: method, Path: $"/{Parameter().Replace(route.RoutePattern.RawText!.TrimStart('/'), "x")}"))).ToList();
        Assert.Contains(asked, a => a.Path == "/api/v1/workspaces/x/audit");
        asked.AddRange([
            ("GET", "/nowhere/at/all"), ("GET", "/api/v1/nowhere"), ("DELETE", "/status"), ("DELETE", "/api/v1/status"), ("GET", "/broken"),
            ("GET", "/api/v1/broken"), ("GET", "/allocora.css"), ("GET", "/favicon.svg"), ("POST", "/sign-in/x"), ("POST", "/sign-in/x")]);

        var statuses = new HashSet<int>();
        foreach (var (method, path) in asked)
        {
            foreach (var accept in new[] { "text/html", "application/json" })
            {
                using var request = new HttpRequestMessage(new(method), path) { Headers = { { "Accept", accept } } };
                using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                statuses.Add((int)answer.StatusCode);
                Check(answer, $"{method} {path} for {accept}", isHttps: true);
            }
        }
        Assert.Superset(new HashSet<int> { 200, 401, 404, 405, 429, 500 }, statuses);
    }

    [Fact]
    public async Task Data_is_kept_nowhere_and_only_https_asks_for_https()
    {
        await using var console = await RunningConsole.StartWith(new TestCallers().Add, app => app.MapGet("/api/v1/kept", (HttpResponse response) =>
        {
            response.Headers.CacheControl = "public, max-age=60";
            return "data";
        }).AllowAnyone());

        using var answer = await console.Ask("/api/v1/kept");

        Check(answer, "over http", isHttps: false);
        Assert.Equal("no-store", $"{answer.Headers.CacheControl}");
    }

    [Theory]
    [InlineData("evil.example", 400)]
    [InlineData("127.0.0.1", 302)]
    [InlineData("localhost:9", 302)]
    public async Task A_host_that_is_not_ours_is_refused_with_the_headers(string host, int status)
    {
        await using var console = await RunningConsole.StartWith(new TestCallers().Add);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };

        using var answer = await console.Http.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
        Check(answer, host, isHttps: false);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("allocora.example.com;*")]
    public async Task In_production_the_hosts_have_to_be_named(string hosts)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(
            () => RunningConsole.Start(null, $"--AllowedHosts={hosts}", "--environment=Production"));
        Assert.StartsWith("AllowedHosts", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", 302)]
    [InlineData("evil.example", 400)]
    public async Task In_development_they_are_those_of_this_machine(string host, int status)
    {
        await using var console = await RunningConsole.StartWith(new TestCallers().Add, null, "--AllowedHosts=", "--environment=Development");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = host } };

        using var answer = await console.Http.SendAsync(request);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    private static void Check(HttpResponseMessage answer, string what, bool isHttps)
    {
        var expected = new Dictionary<string, string?>
        {
            ["Content-Security-Policy"] = Policy,
            ["X-Content-Type-Options"] = "nosniff",
            ["Referrer-Policy"] = "no-referrer",
            ["Cross-Origin-Opener-Policy"] = "same-origin",
            ["Cross-Origin-Resource-Policy"] = "same-origin",
            ["Permissions-Policy"] = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
            ["Strict-Transport-Security"] = isHttps ? "max-age=31536000; includeSubDomains" : null,
            ["Server"] = null,
        };
        foreach (var (header, value) in expected)
        {
            var found = answer.Headers.TryGetValues(header, out var lines) ? string.Join('|', lines) : null;
            Assert.True(found == value, $"{what} ({(int)answer.StatusCode}) has {header}: {found}");
        }
        var isAsset = answer.RequestMessage!.RequestUri!.AbsolutePath is "/allocora.css" or "/favicon.svg" or "/status.js";
        var kept = $"{answer.Headers.CacheControl}";
        Assert.True(isAsset || kept.Contains("no-store", StringComparison.Ordinal), $"{what} ({(int)answer.StatusCode}) may be kept: {kept}");
    }

    private static Task<RunningConsole> Start(params string[] settings) => RunningConsole.StartWith(
        builder =>
        {
            new TestCallers().Add(builder);
            builder.WebHost.ConfigureKestrel(o => o.ConfigureHttpsDefaults(https => https.ServerCertificate = Certificate()));
        },
        app =>
        {
            app.MapGet("/broken", (Func<string>)(() => throw new InvalidOperationException("broken"))).AllowAnyone();
            app.MapGet("/api/v1/broken", (Func<string>)(() => throw new InvalidOperationException("broken"))).AllowAnyone();
        },
        ["--urls=https://127.0.0.1:0", "--Shutdown:Timeout=00:00:01", .. settings]);

    private static HttpClient Client(RunningConsole console) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=127.0.0.1" },
    })
    {
        BaseAddress = console.Http.BaseAddress,
    };

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        // A key that is only in memory is not taken for a server's on every platform.
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
