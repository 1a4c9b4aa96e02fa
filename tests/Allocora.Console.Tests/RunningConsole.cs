using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Xml.Linq;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.Console.Tests;

/// <summary>
/// The Console's own host over real HTTP, with four stand-ins. Unless it is told of a database nobody answers for its own, and its client is somebody
/// who signed in before that.
/// </summary>
internal sealed class RunningConsole : IAsyncDisposable
{
    public const string NoDatabase = "Host=127.0.0.1;Port=1;Database=console;Username=console;Password=x7fk20sj";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly WebApplication host;

    private RunningConsole(WebApplication host, IReadOnlyList<StandIn> services, Listener log)
    {
        (this.host, Services, Logged) = (host, services, log.Lines);
        Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new(host.Urls.First()) };
    }

    public IReadOnlyList<StandIn> Services { get; }
    public ConcurrentQueue<string> Logged { get; }
    public HttpClient Http { get; }
    public string Address => host.Urls.First();
    public IServiceProvider Provider => host.Services;
    public IReadOnlyList<RouteEndpoint> Endpoints => [.. ((IEndpointRouteBuilder)host).DataSources.SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()];

    public StandIn this[string name] => Services.First(s => s.Name == name);

    public static Task<RunningConsole> Start(Action<WebApplication>? routes = null, params string[] settings) => StartWith(_ => { }, routes, settings);

    /// <param name="more">What is added to, or put in the place of, what the Console itself adds.</param>
    public static async Task<RunningConsole> StartWith(Action<WebApplicationBuilder> more, Action<WebApplication>? routes = null, params string[] settings)
    {
        var isAlone = !settings.Any(s => s.StartsWith("--ConnectionStrings:", StringComparison.Ordinal));
        var services = await Task.WhenAll(new[] { "connector", "ledger", "calculation", "statements" }.Select(StandIn.Start));
        var log = new Listener();
        var host = Service.Build("console", Arguments(services, settings),
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log);
                builder.AddConsole();
                if (isAlone) builder.Services.PostConfigure<KeyManagementOptions>(o => o.XmlRepository = new KeysInMemory());
                more(builder);
            },
            app =>
            {
                app.MapConsole();
                routes?.Invoke(app);
            });
        await host.StartAsync();
        var console = new RunningConsole(host, services, log);
        if (isAlone) console.Http.DefaultRequestHeaders.Add("Cookie", $"allocora={console.CookieOfSomebody()}");
        return console;
    }

    public Visitor Visit() => new(Address);

    public static string[] Arguments(IEnumerable<StandIn> services, params string[] settings) =>
    [
        // Nobody changes a file of settings here, and each watcher counts against what one user may have.
        "--urls=http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false",
        "--environment=Development", "--Identity:Mode=local", $"--Identity:LinkKey={Visitor.LinkKey}",
        "--Session:Key=c2Vzc2lvbiBrZXkgb2YgdGhlIHRlc3RzLCAzMiBieXQ=", "--Status:Interval=00:00:00.5", $"--ConnectionStrings:console={NoDatabase}",
        $"--ConnectionStrings:console_worker={NoDatabase}", .. HeadFiles.Settings(), "--AllowedHosts=127.0.0.1;localhost",
        .. Unlimited, .. ConsoleModule.Services.Select(s => $"--ConnectionStrings:{s}_tail={NoDatabase}"),
        .. services.Select(s => $"--services:{s.Name}:http:0={s.Address}"),
        .. ConsoleModule.Services.Select((service, i) => $"--Inner:Keys:{service}={InnerKey(i)}"), .. settings,
    ];

    /// <summary>Tests are in a hurry, and some of them stop the clock.</summary>
    public static IEnumerable<string> Unlimited => new[] { "Address", "Caller", "Workspace", "SignIn" }.Select(limit => $"--Limits:{limit}=10000000");

    public static string InnerKey(int service) => Convert.ToBase64String(Enumerable.Repeat((byte)(service + 1), 32).ToArray());

    public async Task<HttpResponseMessage> Ask(string path, string accept = "text/html", HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return await Http.SendAsync(request);
    }

    public async Task<string> Page(string path)
    {
        using var response = await Ask(path);
        return await response.Content.ReadAsStringAsync();
    }

    public async Task<ServiceStatus> Until(string service, Func<ServiceStatus, bool> condition) =>
        (await Until(status => condition(status.Services.First(s => s.Name == service)))).Services.First(s => s.Name == service);

    public async Task<SystemStatus> Until(Func<SystemStatus, bool> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var waiting = Stopwatch.StartNew();
        SystemStatus? seen = null;
        while (waiting.Elapsed < Deadline)
        {
            using var response = await Ask("/api/v1/status", "application/json");
            seen = response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<SystemStatus>() : null;
            if (seen is not null && condition(seen)) return seen;
            await timer.WaitForNextTickAsync();
        }
        throw new TimeoutException($"The status never became what was waited for. Last: {seen} {string.Join(", ", seen?.Services ?? [])}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await host.StopAsync();
        await host.DisposeAsync();
        foreach (var service in Services) await service.DisposeAsync();
    }

    // As it was given out while the database was there.
    private string CookieOfSomebody()
    {
        Claim[] claims = [new(Caller.SubjectClaim, "usr_somebody"), new(Caller.ViaClaim, "session:ses_somebody"), new(Schemes.ConfirmedClaim, "0")];
        var ticket = new AuthenticationTicket(
            new(new ClaimsIdentity(claims, Schemes.Session)), new AuthenticationProperties { ExpiresUtc = DateTimeOffset.UtcNow.AddHours(1) }, Schemes.Session);
        return host.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(Schemes.Session).TicketDataFormat.Protect(ticket);
    }

    private sealed class KeysInMemory : IXmlRepository
    {
        private readonly ConcurrentQueue<XElement> keys = [];

        public IReadOnlyCollection<XElement> GetAllElements() => [.. keys];
        public void StoreElement(XElement element, string friendlyName) => keys.Enqueue(element);
    }

    private sealed class Listener : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;
        public void Dispose() { }

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }
}
