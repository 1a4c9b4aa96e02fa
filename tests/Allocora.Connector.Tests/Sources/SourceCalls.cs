using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;

namespace Allocora.Connector.Tests.Sources;

/// <summary>What an admin asks of a running connector about its sources.</summary>
internal sealed class SourceCalls(RunningConnector connector)
{
    public HttpClient Http { get; } = connector.As("workspace.read", "sources.write");

    public static string Url(string rest = "") => $"/api/v1/workspaces/{RunningConnector.Workspace}/sources{rest}";

    /// <summary>The status, and the body whatever it is.</summary>
    public async Task<(HttpStatusCode Status, JsonNode Body, HttpResponseMessage Answer)> Send(
        HttpMethod method, string url, object? body = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        var answer = await Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!, answer);
    }

    public Task<(HttpStatusCode Status, JsonNode Body, HttpResponseMessage Answer)> Post(string rest, object? body = null) =>
        Send(HttpMethod.Post, Url(rest), body);

    public async Task<SourceDetails> Connect(string? key = null)
    {
        using var answer = await Http.PostAsJsonAsync(Url(), new ConnectSourceRequest("Shop", "paddle", key ?? connector.Paddle.Key));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<SourceDetails>())!;
    }

    public async Task<SourceDetails> Read(string id) => (await Http.GetFromJsonAsync<SourceDetails>(Url($"/{id}")))!;

    /// <summary>Another key of the account.</summary>
    public async Task<(string Id, string Key)> NewKey(params string[] permissions)
    {
        using var answer = await connector.Control.PostAsJsonAsync("/keys", permissions is [] ? new JsonObject() : new JsonObject
        {
            ["permissions"] = new JsonArray([.. permissions.Select(one => (JsonNode)one)]),
        });
        var made = (await answer.Content.ReadFromJsonAsync<JsonObject>())!;
        return ((string)made["id"]!, (string)made["key"]!);
    }

    public async Task Revoke(string keyId) => (await connector.Control.PostAsync($"/keys/{keyId}/revoke", null)).EnsureSuccessStatusCode();

    public async Task Fault(object fault) => (await connector.Control.PostAsJsonAsync("/faults", fault)).EnsureSuccessStatusCode();

    public async Task NoFaults() => (await connector.Control.DeleteAsync("/faults")).EnsureSuccessStatusCode();

    public async Task<string> Events() =>
        (string)(await connector.Database.Ask("select coalesce(string_agg(type, ',' order by seq_id), '') from mt_events"))!;
}
