using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Allocora.ServiceDefaults.Tests;

/// <summary>A host as <see cref="Service"/> builds it, listening on a port of its own, with what it logged.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string Name = "probe";

    private TestHost(WebApplication app, RecordedLog log)
    {
        App = app;
        Log = log;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Http = new HttpClient { BaseAddress = new Uri(address) };
    }

    public WebApplication App { get; }

    public RecordedLog Log { get; }

    public HttpClient Http { get; }

    public static async Task<TestHost> Start(
        Action<WebApplicationBuilder>? add = null, Action<WebApplication>? map = null, params string[] settings)
    {
        var log = new RecordedLog();
        void Add(WebApplicationBuilder builder)
        {
            builder.Logging.AddProvider(log);
            add?.Invoke(builder);
        }
        var app = Service.Build(Name, ["--urls=http://127.0.0.1:0", .. settings.Select(s => $"--{s}")], Add, map);
        await app.StartAsync();
        return new(app, log);
    }

    public async Task<T> Get<T>(string path)
    {
        using var answer = await Http.GetAsync(new Uri(path, UriKind.Relative));
        return (await answer.Content.ReadFromJsonAsync<T>())!;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
    }
}
