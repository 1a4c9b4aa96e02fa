using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Allocora.Connector.Tests;

/// <summary>Answers what Paddle never would, and keeps the headers it was sent.</summary>
internal sealed class Server : IAsyncDisposable
{
    private readonly WebApplication app;

    private Server(WebApplication app) => this.app = app;

    public string Url => app.Urls.Single();

    public ConcurrentQueue<Dictionary<string, string>> Seen { get; } = new();

    public static async Task<Server> Start(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = new Server(builder.Build());
        server.app.Run(http =>
        {
            server.Seen.Enqueue(http.Request.Headers.ToDictionary(one => one.Key.ToLowerInvariant(), one => $"{one.Value}"));
            if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { } size) size.MaxRequestBodySize = null;
            return answer(http);
        });
        await server.app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}

/// <summary>Counts who connects to it, and says nothing.</summary>
internal sealed class Sink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.IPv6Any, 0);
    private readonly Task listening;
    private int connections;

    public Sink()
    {
        listener.Server.DualMode = true;
        listener.Start();
        listening = Listen();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref connections);

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await listening;
    }

    private async Task Listen()
    {
        try
        {
            while (true)
            {
                using var one = await listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref connections);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            listener.Dispose();
        }
    }
}
