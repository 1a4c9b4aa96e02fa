using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>A connector with a source, and what a test does with it over the API.</summary>
internal sealed class SyncedSource : IAsyncDisposable
{
    private static readonly string[] Permissions = ["workspace.read", "sources.write", "sync.run", "rows.decide"];

    // Takes what arrives; null where a test does that itself.
    private readonly LedgerLog? ledger;

    private SyncedSource(RunningConnector connector, LedgerLog? ledger, IngestQueue queue, HttpClient api, string id) =>
        (Connector, this.ledger, Queue, Api, Id) = (connector, ledger, queue, api, id);

    public RunningConnector Connector { get; }

    public IngestQueue Queue { get; }

    public HttpClient Api { get; }

    /// <summary>The id of the source.</summary>
    public string Id { get; private set; }

    public static string Path => $"/api/v1/workspaces/{RunningConnector.Workspace}";

    public static Task<SyncedSource> Connect(params string[] sandbox) => Connect(new ConnectorWish(), new JsonObject(), sandbox);

    /// <param name="terms">What the source is connected with besides its key.</param>
    public static async Task<SyncedSource> Connect(ConnectorWish wish, JsonObject terms, params string[] sandbox)
    {
        var ledger = wish.Ledger is null ? await LedgerLog.Create() : null;
        var connector = await RunningConnector.Start(wish with { Ledger = wish.Ledger ?? ledger }, sandbox);
        var source = new SyncedSource(connector, ledger, await IngestQueue.Open(connector.Vhost, ledger), connector.As(Permissions), "");
        await source.Connect(terms);
        return source;
    }

    /// <summary>Connects the account, also once more after it was disconnected.</summary>
    public async Task Connect(JsonObject terms)
    {
        var body = new JsonObject { ["name"] = "Ours", ["provider"] = "paddle", ["apiKey"] = Connector.Paddle.Key, ["currencies"] = new JsonArray() };
        foreach (var (name, value) in terms) body[name] = value?.DeepClone();
        var connected = await Api.PostAsJsonAsync($"{Path}/sources", body);
        Assert.True(connected.StatusCode == HttpStatusCode.Created, await connected.Content.ReadAsStringAsync());
        Id = (string)(await connected.Content.ReadFromJsonAsync<JsonObject>())!["id"]!;
    }

    /// <summary>Starts a run and waits for its end.</summary>
    public async Task<SyncRunDetails> Sync(string mode = "normal") => await Over(await Start(mode));

    public async Task<string> Start(string mode = "normal")
    {
        var asked = await Api.PostAsJsonAsync($"{Path}/sources/{Id}/sync-runs", new { mode });
        Assert.True(asked.StatusCode == HttpStatusCode.Accepted, await asked.Content.ReadAsStringAsync());
        return (await asked.Content.ReadFromJsonAsync<SyncRunDetails>())!.Id;
    }

    public Task<SyncRunDetails> Over(string run) =>
        Eventually.Sees(ct => Run(run, ct), now => now.State is "succeeded" or "failed" or "cancelled", TimeSpan.FromMinutes(5));

    public async Task<SyncRunDetails> Run(string run, CancellationToken ct = default) =>
        (await Api.GetFromJsonAsync<SyncRunDetails>($"{Path}/sync-runs/{run}", ct))!;

    public async Task<List<SyncRowDetails>> Rows(string run, string? outcome = null)
    {
        var rows = new List<SyncRowDetails>();
        for (string? cursor = null; ;)
        {
            var page = (await Api.GetFromJsonAsync<Page<SyncRowDetails>>(
                $"{Path}/sync-runs/{run}/rows?limit=200{(outcome is null ? "" : $"&outcome={outcome}")}{(cursor is null ? "" : $"&cursor={cursor}")}"))!;
            rows.AddRange(page.Data);
            if ((cursor = page.End.NextCursor) is null) return rows;
        }
    }

    /// <summary>A request below the workspace, and the code of the problem if it was refused.</summary>
    public async Task<(HttpStatusCode Status, string? Code)> Ask(HttpMethod method, string rest, object? body = null)
    {
        using var request = new HttpRequestMessage(method, $"{Path}{rest}") { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await Api.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, answer.IsSuccessStatusCode || text.Length == 0 ? null : (string?)JsonNode.Parse(text)!["code"]);
    }

    /// <summary>What shall go wrong from now on, and nothing else.</summary>
    public async Task Faults(params JsonObject[] faults)
    {
        await Paddle("DELETE", "/faults");
        if (faults.Length > 0) await Paddle("POST", "/faults", new JsonArray([.. faults]));
    }

    public static JsonObject Slow(int milliseconds = 150) => new() { ["match"] = "*", ["kind"] = "slow", ["milliseconds"] = milliseconds, ["times"] = 0 };

    /// <summary>Something of the sandbox's control API.</summary>
    public async Task<JsonObject> Paddle(string method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path) { Content = body is null ? null : JsonContent.Create(body) };
        using var answer = await Connector.Control.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
    }

    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        await Connector.DisposeAsync();
        if (ledger is not null) await ledger.DisposeAsync();
    }
}
