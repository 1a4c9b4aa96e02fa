using System.Collections;
using Allocora.AppHost;

namespace Allocora.Testing;

/// <summary>A program that a test starts and ends, and that cannot outlive the test's own process.</summary>
public sealed class ChildProgram : IAsyncDisposable
{
    private static readonly Launcher Launcher = new();
    private readonly ChildProcess process;

    private ChildProgram(ChildProcess process) => this.process = process;

    public int Id => process.Id;

    public Task<int> Exited => process.Exited;

    /// <param name="assembly">Of the program, which the test project references.</param>
    public static async Task<ChildProgram> Start(string assembly, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll");
        return await Start(assembly, "dotnet", AppContext.BaseDirectory, environment, [program, .. arguments]);
    }

    /// <summary>Starts a program that is no .NET program, such as node.</summary>
    public static async Task<ChildProgram> Start(
        string name, string program, string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var all = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string)e.Value!);
        foreach (var (key, value) in environment) all[key] = value;
        var log = new LogFile(Path.Combine(Path.GetTempPath(), $"{name}-{Environment.ProcessId}.log"));
        return new(await Launcher.Start(new(name, program, arguments, all, folder), log));
    }

    /// <summary>Ends it without a chance to do anything.</summary>
    public async Task Kill()
    {
        Signals.Send(process.Id, Signals.Kill);
        await process.Exited;
    }

    /// <summary>Asks it to stop, and waits.</summary>
    public Task Stop() => process.Stop();

    public async ValueTask DisposeAsync()
    {
        if (!process.Exited.IsCompleted) await Kill();
        await process.Release();
    }
}
