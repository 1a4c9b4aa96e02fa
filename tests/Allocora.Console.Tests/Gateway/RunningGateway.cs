using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Allocora.Console.Tests.Gateway;

/// <summary>The Console's host with two real services behind it, and callers who are who they say they are.</summary>
internal sealed class RunningGateway : IAsyncDisposable
{
    public const string One = "/api/v1/workspaces/ws_one", Two = "/api/v1/workspaces/ws_two";
    private readonly WebApplication host;

    private RunningGateway(WebApplication host, ConsoleDatabase database, BackService ledger, BackService connector)
    {
        (this.host, Database, Ledger, Connector) = (host, database, ledger, connector);
        Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = new(host.Urls.First()) };
    }

    public HttpClient Http { get; }
    public ConsoleDatabase Database { get; }
    public BackService Ledger { get; }
    public BackService Connector { get; }
    public IServiceProvider Services => host.Services;
    public ConcurrentQueue<string> Logged { get; private init; } = [];

    public static Task<RunningGateway> Start(params string[] settings) => Start(null, null, settings);

    public static async Task<RunningGateway> Start(Action<KestrelServerLimits>? limits, TimeProvider? time, params string[] settings)
    {
        time ??= TimeProvider.System;
        var database = await ConsoleDatabase.Create();
        var ledger = await BackService.Start("ledger", database, RunningConsole.InnerKey(1), time);
        var connector = await BackService.Start("connector", database, RunningConsole.InnerKey(0), time);
        var log = new Listener();
        var host = Service.Build("console",
            RunningConsole.Arguments([new("connector"), new("ledger"), new("calculation"), new("statements")],
                [.. database.Settings, "--AllowedHosts=*",
                    $"--services:ledger:http:0={ledger.Address}", $"--services:connector:http:0={connector.Address}", .. settings]),
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(log);
                builder.AddConsole();
                builder.Services.AddSingleton(time);
                builder.Services.AddSingleton<IGrants, Members>();
                builder.Services.PostConfigure<AuthenticationOptions>(LetThemSayWhoTheyAre);
                if (limits is not null) builder.WebHost.ConfigureKestrel(o => limits(o.Limits));
            },
            app =>
            {
                app.MapConsole();
                app.MapPost("/api/v1/own", async (HttpContext http) => await http.Response.WriteAsync("own")).AllowSignedIn();
            });
        await host.StartAsync();
        var gateway = new RunningGateway(host, database, ledger, connector) { Logged = log.Lines };
        await Eventually.Sees(ct => gateway.Get($"{One}/facts"), answer => answer.IsSuccessStatusCode);
        await Eventually.Sees(ct => gateway.Get($"{One}/sources"), answer => answer.IsSuccessStatusCode);
        await gateway.Forget();
        return gateway;
    }

    /// <summary>As if nothing had happened yet, but for the time that has passed.</summary>
    public async Task Forget()
    {
        Ledger.Forget();
        Connector.Forget();
        Logged.Clear();
        await Database.Ask("delete from console.idempotency");
    }

    public Task<HttpResponseMessage> Get(string path, string who = "mara") => Send(HttpMethod.Get, path, who);

    public async Task<HttpResponseMessage> Send(
        HttpMethod method, string path, string? who = "mara", HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (who is not null) request.Headers.Add("Authorization", $"Bearer {who}");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends bytes as they are and returns everything that comes back until the gateway hangs up, or keeps silent for so long.</summary>
    public async Task<string> Raw(string bytes, TimeSpan? silence = null)
    {
        using var client = await Connect();
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes));
        return await Rest(stream, silence ?? TimeSpan.FromSeconds(1));
    }

    public async Task<TcpClient> Connect()
    {
        var client = new TcpClient();
        await client.ConnectAsync(Http.BaseAddress!.Host, Http.BaseAddress.Port);
        return client;
    }

    public static async Task<string> Rest(NetworkStream stream, TimeSpan silence)
    {
        var answer = new StringBuilder();
        var piece = new byte[16 * 1024];
        while (true)
        {
            using var patience = new CancellationTokenSource(silence);
            try
            {
                var length = await stream.ReadAsync(piece, patience.Token);
                if (length == 0) return answer.ToString();
                answer.Append(Encoding.Latin1.GetString(piece, 0, length));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                return answer.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await host.StopAsync(new CancellationToken(canceled: true));
        await host.DisposeAsync();
        await Ledger.DisposeAsync();
        await Connector.DisposeAsync();
        await Database.DisposeAsync();
    }

    private static void LetThemSayWhoTheyAre(AuthenticationOptions options)
    {
        foreach (var scheme in new[] { Schemes.Session, Schemes.Key })
        {
            if (options.SchemeMap.TryGetValue(scheme, out var there)) there.HandlerType = typeof(SelfNamed);
            else options.AddScheme<SelfNamed>(scheme, displayName: null);
        }
    }

    private sealed class SelfNamed(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync()
        {
            var isKey = Scheme.Name == Schemes.Key;
            var who = isKey ? Request.Headers.Authorization.ToString().Replace("Bearer ", "", StringComparison.Ordinal) : Request.Cookies["who"];
            if (string.IsNullOrEmpty(who) || who == "nobody") return Task.FromResult(AuthenticateResult.NoResult());
            var claims = new Claim[] { new(Caller.SubjectClaim, $"usr_{who}"), new(Caller.ViaClaim, isKey ? $"key:key_{who}" : $"session:ses_{who}") };
            return Task.FromResult(AuthenticateResult.Success(new(new(new ClaimsIdentity(claims, Scheme.Name)), Scheme.Name)));
        }
    }

    /// <summary>mara reads in one (also called first), jonas is its payee, otto reads in two; vera looks after the installation.</summary>
    private sealed class Members : IGrants
    {
        public ValueTask<Grant?> Of(HttpContext http, string? workspace) => new((Caller.Of(http).Subject, workspace) switch
        {
            ("usr_mara", "ws_one" or "first") => new Grant("ws_one", PermissionTable.Of("preparer")),
            ("usr_jonas", "ws_one" or "first") => new Grant("ws_one", PermissionTable.Of("payee")),
            ("usr_vera", null) => new Grant(null, PermissionTable.Of("platform")),
            ("usr_mara", null) => new Grant(null, new HashSet<string>()),
            ("usr_otto", "ws_two" or "second") => new Grant("ws_two", PermissionTable.Of("viewer")),
            _ => null,
        });
    }

    private sealed class Listener : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;
        public void Dispose() { }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
    }
}
