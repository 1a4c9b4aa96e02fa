using System.Text.Json.Nodes;

namespace Allocora.AppHost;

/// <summary>What stands in for Paddle on this machine: a seller's account with a history, the same every time.</summary>
internal sealed class PaddleStandIn(RunOptions options, DataFolder data, Launcher launcher, int port, int controlPort, HttpClient http, Action<string> say)
{
    public const string Name = "paddle", ControlName = "paddle-control";

    public string Url => $"http://127.0.0.1:{port}";

    public string Control => $"http://127.0.0.1:{controlPort}";

    /// <summary>The API key of its account; known once it is ready.</summary>
    public string? Key { get; private set; }

    public async Task<Supervised> Start(CancellationToken ct)
    {
        var assembly = Path.Combine(options.Root, "tests", "PaddleSandbox", "bin", options.Configuration, "Allocora.PaddleSandbox.dll");
        if (!File.Exists(assembly)) throw new StartFailure($"{Name} is not built ({assembly} is missing); run ./allocora up, which builds it.");
        // Whoever tries the system should not have to wait for a limit of calls.
        string[] arguments = [assembly, "--port", $"{port}", "--control-port", $"{controlPort}", "--no-rate-limit"];
        var spec = new ProcessSpec(Name, Environment.ProcessPath!, arguments, Told(), options.Root);
        var server = new Supervised(launcher, spec, new LogFile(data.LogPath(Name)), WhyNotReady, say);
        await server.Start(TimeSpan.FromSeconds(60), ct);
        return server;
    }

    // What a .NET program needs to start, and nothing of ours.
    private Dictionary<string, string> Told() => options.Environment
        .Where(pair => pair.Key is "PATH" or "HOME" or "TMPDIR" || pair.Key.StartsWith("DOTNET_", StringComparison.Ordinal)).ToDictionary();

    private async Task<string?> WhyNotReady(CancellationToken ct)
    {
        try
        {
            var told = JsonNode.Parse(await http.GetStringAsync(Control, ct));
            Key = (string?)told?["key"];
            return Key is null ? "it does not tell its key" : null;
        }
        catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return "it does not answer";
        }
    }
}
