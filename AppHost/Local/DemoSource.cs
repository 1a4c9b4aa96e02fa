using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.AppHost;

/// <summary>Connects the demo's workspace with the stand-in for Paddle, as its admin would, and has all of it read.</summary>
internal sealed class DemoSource(string console, Action<string> say) : IDisposable
{
    // The stand-in is asked about everything the key may do, on a machine that is just starting five services.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly HttpClient http = new() { Timeout = Patience };

    /// <returns>The source's id; null where there is no demo or it cannot be connected now.</returns>
    public async Task<string?> Connect(DemoAsMade? demo, string paddleKey, CancellationToken ct)
    {
        if (demo is null) return null;
        var workspace = $"{console}/api/v1/workspaces/{demo.Workspace}";
        try
        {
            var (status, told) = await Post($"{workspace}/sources", demo.Tokens["admin"],
                new JsonObject { ["name"] = "Demo shop", ["provider"] = "paddle", ["apiKey"] = paddleKey, ["currencies"] = new JsonArray() }, ct);
            // It has been connected since the first start.
            if (status == HttpStatusCode.Conflict && (string?)told["source"] is { } there) return there;
            if (status != HttpStatusCode.Created || (string?)told["id"] is not { } source)
            {
                say($"the demo could not be connected with paddle's stand-in: {(string?)told["detail"] ?? $"{(int)status}"}");
                return null;
            }
            await Post($"{workspace}/sources/{source}/sync-runs", demo.Tokens["operator"], new JsonObject { ["mode"] = "full" }, ct);
            return source;
        }
        catch (Exception e) when (
            e is HttpRequestException or JsonException or InvalidOperationException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            say("the demo could not be connected with paddle's stand-in: the console does not answer");
            return null;
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<(HttpStatusCode Status, JsonObject Told)> Post(string address, string token, JsonObject body, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, ct);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(ct))!.AsObject());
    }
}
