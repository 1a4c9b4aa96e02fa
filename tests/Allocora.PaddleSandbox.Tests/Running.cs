using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>A sandbox in this process, and a caller with its key.</summary>
internal sealed class Running : IAsyncDisposable
{
    private readonly Sandbox sandbox;

    private Running(Sandbox sandbox)
    {
        this.sandbox = sandbox;
        Http = new HttpClient { BaseAddress = new Uri(sandbox.Api) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", sandbox.Key);
        Control = new HttpClient { BaseAddress = new Uri(sandbox.Control) };
    }

    public Sandbox Sandbox => sandbox;

    public HttpClient Http { get; }

    public HttpClient Control { get; }

    /// <summary>On free ports and without the limit of calls, unless told otherwise.</summary>
    public static async Task<Running> With(params string[] args) =>
        new(await Sandbox.Start(Options.Parse(["--port", "0", "--transactions", "500", "--no-rate-limit", .. args])));

    public Task<JsonObject> Get(string path, HttpStatusCode expected = HttpStatusCode.OK) => Send(HttpMethod.Get, path, null, expected);

    public Task<JsonObject> Post(string path, JsonNode body, HttpStatusCode expected = HttpStatusCode.Created) => Send(HttpMethod.Post, path, body, expected);

    public Task<JsonObject> Patch(string path, JsonNode body, HttpStatusCode expected = HttpStatusCode.OK) => Send(HttpMethod.Patch, path, body, expected);

    public async Task<JsonObject> Send(HttpMethod method, string path, JsonNode? body, HttpStatusCode expected, HttpClient? caller = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await (caller ?? Http).SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{method} {path} answered {(int)response.StatusCode}: {text}");
        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Control.Dispose();
        await sandbox.DisposeAsync();
    }
}
