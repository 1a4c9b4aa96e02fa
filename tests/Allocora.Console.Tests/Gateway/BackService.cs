using System.Collections.Concurrent;
using System.Text;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Allocora.Console.Tests.Gateway;

/// <summary>A request as it arrived at a service, whether or not it was let in.</summary>
internal sealed record Arrived(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public string? this[string header] => Headers.GetValueOrDefault(header);
}

internal sealed record Echo(string Method, string Target, Dictionary<string, string> Headers, string Body, string? Subject, string? Via, string? Workspace);

/// <summary>A real service host, with endpoints that behave as a test needs them to.</summary>
internal sealed class BackService : IAsyncDisposable
{
    private const string Route = "/api/v1/workspaces/{ws}/{first}/{**rest}";
    private readonly WebApplication host;
    private readonly NpgsqlDataSource keys;
    private int runs, aborts, waits;

    private BackService(string name, ConsoleDatabase database, string key, TimeProvider time)
    {
        Name = name;
        keys = Database.Source(new NpgsqlConnectionStringBuilder(database.AddressOf($"console_inner_{name}")), "console");
        host = Service.Build(name, ["--urls=http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false", $"--Inner:Key={key}"],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.AddInnerTokens(name, (_, ring) => new KeyTable(keys, ring));
                builder.Services.AddSingleton(time);
                builder.WebHost.ConfigureKestrel(o => (o.Limits.MaxRequestBodySize, o.Limits.MinRequestBodyDataRate) = (null, null));
            },
            app =>
            {
                app.Use(Notice);
                app.UseAccess();
                app.Map(Route, (Delegate)Behave).RequirePermission("workspace.read");
                app.Map("/api/v1/dead-letters/{**rest}", (Delegate)Behave).RequirePermission("dead-letters.platform");
                app.MapPost("/api/v1/webhooks/paddle/{sourceId}", (Delegate)Take).AllowSignedIn();
                app.MapGet("/open", () => "anyone").AllowAnyone();
            });
    }

    public string Name { get; }
    public string Address => host.Urls.First();
    public ConcurrentQueue<Arrived> Arrivals { get; } = [];

    /// <summary>Requests that did what cannot be undone.</summary>
    public int Runs => runs;

    /// <summary>Requests that were still waiting when their sender went.</summary>
    public int Aborts => aborts;

    /// <summary>Requests that have begun to wait; one that has only arrived may be gone before anybody looks.</summary>
    public int Waits => waits;

    /// <summary>It hangs up on everybody.</summary>
    public bool IsAway { get; set; }

    /// <summary>Lets what waits go on.</summary>
    public SemaphoreSlim Go { get; } = new(0);

    public static async Task<BackService> Start(string name, ConsoleDatabase database, string key, TimeProvider time)
    {
        var service = new BackService(name, database, key, time);
        await service.host.StartAsync();
        return service;
    }

    public void Forget()
    {
        Arrivals.Clear();
        (runs, aborts, waits, IsAway) = (0, 0, 0, false);
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(new CancellationToken(canceled: true));
        await host.DisposeAsync();
        await keys.DisposeAsync();
        Go.Dispose();
    }

    private Task Notice(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path == "/version" || http.Request.Path.StartsWithSegments("/healthz")) return next(http); // the status page asks too
        Arrivals.Enqueue(new(http.Request.Method, http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
        if (!IsAway) return next(http);
        http.Abort();
        return Task.CompletedTask;
    }

    private async Task Behave(HttpContext http)
    {
        switch ((http.Request.RouteValues["rest"] as string)?.Split('/')[^1])
        {
            case "sse": await Events(http); break;
            case "slow": await Wait(http); break;
            case "dies": await Die(http, after: 100_000); break;
            case "dies-early": http.Abort(); break;
            case "once": await Do(http); break;
            case "status": Say(http, int.Parse(http.Request.Query["code"].ToString(), provider: null)); break;
            case "headers": Headers(http); await http.Response.WriteAsync("ok"); break;
            case "early": http.Response.StatusCode = 422; await http.Response.WriteAsync("no need for the rest"); break;
            case "nothing": http.Response.StatusCode = 404; break;
            case "count": await Count(http); break;
            case "huge": await Huge(http, int.Parse(http.Request.Query["bytes"].ToString(), provider: null)); break;
            case "file": http.Response.Headers.ContentDisposition = "attachment; filename=\"a.csv\""; await http.Response.WriteAsync("a,b"); break;
            default: await Tell(http); break;
        }
    }

    private static async Task Tell(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body, Encoding.Latin1);
        await http.Response.WriteAsJsonAsync(new Echo(http.Request.Method, http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString()), await reader.ReadToEndAsync(),
            http.User.FindFirst(Caller.SubjectClaim)?.Value, http.User.FindFirst(Caller.ViaClaim)?.Value,
            http.User.FindFirst(InnerTokens.WorkspaceClaim)?.Value));
    }

    private static async Task Take(HttpContext http)
    {
        if (http.Request.Headers["Paddle-Signature"] == "bad") http.Response.StatusCode = 401;
        else await Tell(http);
    }

    private async Task Events(HttpContext http)
    {
        http.Response.ContentType = "text/event-stream";
        await http.Response.Body.FlushAsync();
        for (var i = 1; i <= 3; i++)
        {
            await Go.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync($"data: {i}\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    private async Task Wait(HttpContext http)
    {
        Interlocked.Increment(ref waits);
        try
        {
            await Go.WaitAsync(http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref aborts);
        }
    }

    private static async Task Die(HttpContext http, int after)
    {
        if (http.Request.Query.ContainsKey("long")) http.Response.ContentLength = 10L * after;
        await http.Response.WriteAsync(new string('x', after));
        await http.Response.Body.FlushAsync();
        http.Abort();
    }

    private async Task Do(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var asked = await reader.ReadToEndAsync();
        var run = Interlocked.Increment(ref runs);
        if (http.Request.Query.ContainsKey("wait")) await Go.WaitAsync();
        http.Response.StatusCode = int.Parse(http.Request.Query["code"].FirstOrDefault() ?? "201", provider: null);
        http.Response.Headers.Location = $"/api/v1/things/{run}";
        http.Response.Headers.ETag = $"\"{run}\"";
        var length = int.Parse(http.Request.Query["bytes"].FirstOrDefault() ?? "0", provider: null);
        await http.Response.WriteAsJsonAsync(new { run, asked, filler = new string('f', length) });
    }

    private static void Say(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        if (status == 401) http.Response.Headers.WWWAuthenticate = "Bearer";
        if (status == 302) http.Response.Headers.Location = "https://elsewhere.example/";
    }

    private void Headers(HttpContext http)
    {
        http.Response.Headers["Set-Cookie"] = "a=b";
        http.Response.Headers["X-Internal"] = "secret";
        http.Response.Headers.Server = "kestrel";
        http.Response.Headers.ETag = "\"v1\"";
        http.Response.Headers["Last-Modified"] = "Sat, 01 Aug 2026 00:00:00 GMT";
        http.Response.Headers.Connection = "Last-Modified";
        http.Response.Headers.Location = $"{Address}/api/v1/workspaces/ws_one/facts/1";
        http.Response.Headers.Link = $"<{Address}/next>; rel=\"next\"";
    }

    private static async Task Count(HttpContext http)
    {
        long length = 0;
        var piece = new byte[64 * 1024];
        while (await http.Request.Body.ReadAsync(piece) is > 0 and var read) length += read;
        await http.Response.WriteAsJsonAsync(length);
    }

    private static async Task Huge(HttpContext http, int length)
    {
        var piece = new byte[64 * 1024];
        Array.Fill(piece, (byte)'h');
        for (var sent = 0; sent < length; sent += piece.Length)
            await http.Response.Body.WriteAsync(piece.AsMemory(0, Math.Min(piece.Length, length - sent)));
    }
}
