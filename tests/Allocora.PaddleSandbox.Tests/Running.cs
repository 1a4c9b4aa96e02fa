using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;

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

    /// <summary>An empty account on free ports and without the limit of calls, unless told otherwise.</summary>
    public static Task<Running> With(params string[] args) => Around([], args);

    /// <summary>The same with more in its history.</summary>
    public static async Task<Running> Around(IReadOnlyList<IHappenings> more, params string[] args) =>
        new(await Sandbox.Start(Options.Parse(["--port", "0", "--transactions", "0", "--no-rate-limit", .. args]), more));

    public Task<JsonObject> Get(string path, HttpStatusCode expected = HttpStatusCode.OK) => Send(HttpMethod.Get, path, null, expected);

    public Task<JsonObject> Post(string path, JsonNode body, HttpStatusCode expected = HttpStatusCode.Created) => Send(HttpMethod.Post, path, body, expected);

    public Task<JsonObject> Patch(string path, JsonNode body, HttpStatusCode expected = HttpStatusCode.OK) => Send(HttpMethod.Patch, path, body, expected);

    /// <summary>A call of the control API.</summary>
    public Task<JsonObject> Do(string method, string path, JsonNode? body = null, HttpStatusCode expected = HttpStatusCode.OK) =>
        Send(HttpMethod.Parse(method), path, body, expected, Control);

    /// <summary>Somebody with another key, or with none.</summary>
    public HttpClient As(string? key)
    {
        var caller = new HttpClient { BaseAddress = Http.BaseAddress };
        if (key is not null) caller.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return caller;
    }

    public async Task<string> KeyFor(params string[] permissions)
    {
        var wanted = new JsonObject { ["permissions"] = new JsonArray([.. permissions.Select(one => (JsonNode)one)]) };
        return (string)(await Do("POST", "/keys", wanted, HttpStatusCode.Created))["key"]!;
    }

    /// <summary>All pages of a list, and what of each row is looked at.</summary>
    public async Task<List<T>> All<T>(string next, Func<JsonObject, T> look)
    {
        var seen = new List<T>();
        for (var more = true; more;)
        {
            var page = await Get(next);
            seen.AddRange(page["data"]!.AsArray().Select(one => look(one!.AsObject())));
            (next, more) = ((string)page["meta"]!["pagination"]!["next"]!, (bool)page["meta"]!["pagination"]!["has_more"]!);
        }
        return seen;
    }

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
