using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Listening_on_a_second_port
{
    private static readonly string[] Internal = ["/healthz/startup", "/healthz/live", "/healthz/ready", "/version"];
    private readonly int port = FreePort();

    [Fact]
    public async Task Health_and_version_are_only_there_and_pages_are_only_on_the_first()
    {
        await using var host = await Start();

        foreach (var path in Internal)
        {
            Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), (await Status(host, path), await Status(host, path, port)));
        }
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (await Status(host, "/close"), await Status(host, "/close", port)));
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (await Status(host, "/absent"), await Status(host, "/absent", port)));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("OPTIONS")]
    [InlineData("POST")]
    public async Task No_method_tells_that_health_is_somewhere_else(string method)
    {
        await using var host = await Start();
        using var request = new HttpRequestMessage(new(method), "/healthz/ready");

        using var answer = await host.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Empty(answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task A_forged_host_header_opens_neither_side()
    {
        await using var host = await Start();

        Assert.Equal(HttpStatusCode.NotFound, await Status(host, "/healthz/ready", saying: $"127.0.0.1:{port}"));
        Assert.Equal(HttpStatusCode.NotFound, await Status(host, "/close", port, saying: $"127.0.0.1:{host.Http.BaseAddress!.Port}"));
    }

    [Fact]
    public async Task The_refusal_looks_like_any_address_that_is_not_there()
    {
        await using var host = await Start();

        using var hidden = await host.Http.GetAsync(new Uri("/version", UriKind.Relative));
        using var absent = await host.Http.GetAsync(new Uri("/absent", UriKind.Relative));

        Assert.Equal(absent.Content.Headers.ContentType, hidden.Content.Headers.ContentType);
        Assert.Contains("\"code\":\"not-found\"", await hidden.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Without_one_the_host_serves_everything_at_its_one_address()
    {
        await using var host = await TestHost.Start(null, Map);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (await Status(host, "/close"), await Status(host, "/version")));
    }

    [Fact]
    public async Task A_container_that_only_names_its_port_keeps_it()
    {
        var first = FreePort();
        await using var app = Service.Build(TestHost.Name, [$"--http_ports={first}", $"--Internal:Port={port}"], _ => { }, Map);
        await app.StartAsync();

        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;

        Assert.Equal([first, port], addresses.Select(a => BindingAddress.Parse(a).Port));
    }

    private Task<TestHost> Start() => TestHost.Start(null, Map, $"Internal:Port={port}");

    private static void Map(WebApplication app) => app.MapGroup("").AllowAnyone().MapGet("/close", () => "the page");

    private static async Task<HttpStatusCode> Status(TestHost host, string path, int? port = null, string? saying = null)
    {
        var address = new UriBuilder(host.Http.BaseAddress!) { Path = path };
        if (port is not null) address.Port = port.Value;
        using var request = new HttpRequestMessage(HttpMethod.Get, address.Uri);
        request.Headers.Host = saying;
        using var answer = await host.Http.SendAsync(request);
        return answer.StatusCode;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
