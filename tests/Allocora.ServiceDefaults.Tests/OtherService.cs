using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.ServiceDefaults.Tests;

/// <summary>A server to call that answers as the test says, and keeps which requests it got.</summary>
internal sealed class OtherService : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly ConcurrentQueue<(string Method, string? Traceparent)> requests = new();

    private OtherService(RequestDelegate answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        server = builder.Build();
        server.Run(http =>
        {
            requests.Enqueue((http.Request.Method, http.Request.Headers.TraceParent));
            return answer(http);
        });
    }

    public Uri Address { get; private set; } = null!;

    public IReadOnlyList<(string Method, string? Traceparent)> Requests => [.. requests];

    public static async Task<OtherService> Start(RequestDelegate answer)
    {
        var service = new OtherService(answer);
        await service.server.StartAsync();
        service.Address = new Uri(service.server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return service;
    }

    /// <summary>Answers with one status after the other; the last one stays.</summary>
    public static Task<OtherService> Start(params (int Status, string? RetryAfter)[] answers)
    {
        var turn = -1;
        return Start(http =>
        {
            var (status, retryAfter) = answers[Math.Min(Interlocked.Increment(ref turn), answers.Length - 1)];
            http.Response.StatusCode = status;
            if (retryAfter is not null) http.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
