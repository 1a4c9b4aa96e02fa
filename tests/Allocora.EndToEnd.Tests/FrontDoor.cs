using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Allocora.Testing;

namespace Allocora.EndToEnd.Tests;

internal sealed record Answer(int ExitCode, string Output, string Error)
{
    /// <summary>What was said on standard error, without the note of a build that was due.</summary>
    public IEnumerable<string> ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line != "Building ...");
}

/// <summary>Uses <c>./allocora</c> as a person does, from another folder, with a data folder of its own.</summary>
internal sealed class FrontDoor : IAsyncDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-e2e-");

    /// <summary>Added to the environment of every call.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    public string Data => Path.Combine(folder.FullName, "data");

    public JsonElement RunFile => JsonDocument.Parse(File.ReadAllText(Path.Combine(Data, "run.json"))).RootElement;

    public static async Task<Answer> Run(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "allocora"), arguments)
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (key, value) in environment) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new(process.ExitCode, await output, await error);
    }

    public Task<Answer> Run(params string[] arguments) => Run(Environment, [.. arguments, "--data", Data]);

    public async Task Up()
    {
        var up = await Run("up", "--detach");
        Assert.True(up.ExitCode == 0, up.Error);
    }

    /// <summary>Every service as <c>status --json</c> reports it: its state and its pid.</summary>
    public async Task<Dictionary<string, (string State, int Pid)>> Services()
    {
        var status = await Run("status", "--json");
        return JsonDocument.Parse(status.Output).RootElement.GetProperty("services").EnumerateArray().ToDictionary(
            s => s.GetProperty("service").GetString()!,
            s => (s.GetProperty("state").GetString()!, s.GetProperty("pid") is { ValueKind: JsonValueKind.Number } pid ? pid.GetInt32() : 0));
    }

    public int Server(string name) => RunFile.GetProperty("servers").GetProperty(name).GetProperty("pid").GetInt32();

    public IReadOnlyList<int> Pids() =>
        [.. new[] { "services", "servers" }.SelectMany(kind => RunFile.GetProperty(kind).EnumerateObject()).Select(p => p.Value.GetProperty("pid").GetInt32())];

    /// <summary>The ports it has chosen; none while it has not come that far.</summary>
    public IReadOnlyList<int> Ports() => Path.Combine(Data, "ports.json") is var file && File.Exists(file)
        ? [.. JsonDocument.Parse(File.ReadAllText(file)).RootElement.EnumerateObject().Select(p => p.Value.GetInt32())]
        : [];

    /// <summary>Processes of ours that are there, by pid or because their command or environment names the data folder.</summary>
    public IReadOnlyList<string> Remains(IEnumerable<int> pids) =>
        [.. pids.Concat(Naming(Data)).Distinct().Where(IsAlive).Select(pid => $"process {pid}"), .. Ports().Where(IsTaken).Select(port => $"port {port}")];

    public static async Task Kill(int pid)
    {
        using var kill = Process.Start("kill", ["-KILL", $"{pid}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Run("down");
        folder.Delete(recursive: true);
    }

    private static IEnumerable<int> Naming(string text) =>
        from process in Directory.GetDirectories("/proc")
        where int.TryParse(Path.GetFileName(process), out var pid) && pid != System.Environment.ProcessId
        where Read($"{process}/cmdline").Contains(text, StringComparison.Ordinal) || Read($"{process}/environ").Contains(text, StringComparison.Ordinal)
        select int.Parse(Path.GetFileName(process), null);

    // A process that has ended but was not collected yet by whoever inherited it is not one that remains.
    private static bool IsAlive(int pid) => Read($"/proc/{pid}/stat").Split(") ") is [_, var rest, ..] && rest[0] != 'Z';

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static bool IsTaken(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}
