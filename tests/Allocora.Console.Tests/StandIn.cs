using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Allocora.Console.Tests;

/// <summary>A service seen from outside: health and version at an address of its own, in whatever state a test wants it.</summary>
internal sealed class StandIn(string name) : IAsyncDisposable
{
    public static readonly DateTimeOffset StartedAt = new(2026, 10, 31, 14, 2, 11, TimeSpan.Zero);
    private WebApplication? host;
    private volatile Readiness answer = new(name, Readiness.Ready, StartedAt, []);

    public string Name => name;
    public string Version => $"1.0.0+{name}";
    public string Address { get; private set; } = "http://127.0.0.1:0";
    public bool WasTraced { get; private set; }

    /// <summary>Takes requests and never answers them.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Tells its version at once, and never whether it is ready.</summary>
    public bool HidesReadiness { get; set; }

    public static async Task<StandIn> Start(string name)
    {
        var service = new StandIn(name);
        await service.Rise();
        return service;
    }

    public void Says(string state, params ReadinessCheck[] checks) => answer = new(name, state, StartedAt, checks);

    public void SaysItIs(string other) => answer = answer with { Service = other };

    /// <summary>Comes back at the address it had.</summary>
    public async Task Rise()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address);
        host = builder.Build();
        host.MapGet("/healthz/ready", (Delegate)Ready);
        host.MapGet("/version", (Delegate)Say);
        await host.StartAsync();
        Address = host.Urls.Single();
    }

    public async Task Die()
    {
        if (host is null) return;
        await host.StopAsync(new CancellationToken(canceled: true));
        await host.DisposeAsync();
        host = null;
    }

    public async ValueTask DisposeAsync() => await Die();

    private async Task<IResult> Ready(HttpContext http)
    {
        WasTraced |= http.Request.Headers.ContainsKey("traceparent");
        if (IsSilent || HidesReadiness) await Task.Delay(Timeout.Infinite, http.RequestAborted);
        return Results.Json(answer, statusCode: answer.State == Readiness.Ready ? 200 : 503);
    }

    private async Task<IResult> Say(HttpContext http)
    {
        if (IsSilent) await Task.Delay(Timeout.Infinite, http.RequestAborted);
        return Results.Json(new VersionInfo(answer.Service, Version, name, ".NET", StartedAt));
    }
}
