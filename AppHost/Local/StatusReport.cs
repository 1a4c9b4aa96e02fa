using System.Text.Json;
using System.Text.Json.Nodes;

namespace Allocora.AppHost;

/// <summary>What <c>./allocora status</c> prints: it asks every service itself, so it works when the console does not.</summary>
internal static class StatusReport
{
    private sealed record Line(string Service, string State, DateTimeOffset? Since, string? Version, string Url, int? Pid, string Waiting);

    public static async Task<int> Print(RunOptions options, CancellationToken ct)
    {
        if (Read(Path.Combine(options.Data, RunFile.Name)) is not { } run)
        {
            Console.Error.WriteLine("Allocora is not running here; start it with ./allocora up");
            return 1;
        }
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(3) };
        var lines = await Task.WhenAll(run.Services.Select(s => Ask(http, s.Key, s.Value, ct)));
        if (options.Json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { run.Console, Services = lines, run.Servers }, DataFolder.Json));
        }
        else
        {
            PrintTable(run, lines);
        }
        return lines.All(l => l.State == "ready") ? 0 : 1;
    }

    private static void PrintTable(RunFile run, Line[] lines)
    {
        Console.WriteLine($"{"SERVICE",-12} {"STATE",-12} {"SINCE (UTC)",-20} {"VERSION",-20} {"PID",-8} HEALTH AND VERSION AT");
        foreach (var line in lines)
        {
            var since = line.Since?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", null);
            Console.WriteLine($"{line.Service,-12} {line.State,-12} {since,-20} {line.Version,-20} {line.Pid,-8} {line.Url}");
            if (line.Waiting != "") Console.WriteLine($"{"",-12} {line.Waiting}");
        }
        foreach (var (name, server) in run.Servers)
            Console.WriteLine($"{name,-12} {(server.Pid is null ? "restarting" : "running"),-12} {"",-20} {"",-20} {server.Pid,-8}");
        Console.WriteLine($"\nConsole: {run.Console}");
    }

    public static RunFile? Read(string path)
    {
        try
        {
            var run = JsonSerializer.Deserialize<RunFile>(File.ReadAllText(path), DataFolder.Json);
            return run is { Console: not null, Services: not null, Servers: not null } ? run : throw new JsonException();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException)
        {
            throw new StartFailure($"{path} is damaged; stop and start Allocora to have it written anew.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartFailure($"{path} belongs to another user; ask as the one who started Allocora.");
        }
    }

    private static async Task<Line> Ask(HttpClient http, string name, RunningService service, CancellationToken ct)
    {
        try
        {
            using var response = await http.GetAsync($"{service.Url}/healthz/ready", ct);
            var health = JsonNode.Parse(await response.Content.ReadAsStringAsync(ct))!;
            var version = JsonNode.Parse(await http.GetStringAsync($"{service.Url}/version", ct))!;
            var waiting = health["checks"]!.AsArray().Where(c => c!["ok"]!.GetValue<bool>() == false).Select(c => $"{c!["name"]}: {c["detail"]}");
            var since = health["since"]!.GetValue<DateTimeOffset>();
            return new(name, $"{health["state"]}", since, $"{version["version"]}", service.Url, service.Pid, string.Join("; ", waiting));
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException or UriFormatException
            || (e is TaskCanceledException && !ct.IsCancellationRequested))
        {
            return new(name, "unreachable", null, null, service.Url, service.Pid, "It does not answer.");
        }
    }
}
