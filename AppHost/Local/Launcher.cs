using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Threading.Channels;

namespace Allocora.AppHost;

/// <summary>A program to run: everything it needs to know, and how it likes to be stopped.</summary>
internal sealed record ProcessSpec(string Name, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment, string Folder)
{
    public int StopSignal { get; init; } = Signals.Terminate;
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>What the kernel sends the process when the AppHost is gone, however it went.</summary>
    public string OrphanSignal { get; init; } = "KILL";

    /// <summary>How to become another user first; empty when it runs as we do.</summary>
    public IReadOnlyList<string> Become { get; init; } = [];
}

/// <summary>Starts processes that cannot outlive this one.</summary>
internal sealed class Launcher
{
    private readonly Channel<Action> starts = Channel.CreateBounded<Action>(64);

    public Launcher()
    {
        // The kernel sends the orphan signal when the *thread* that started a child ends, so all children are started by
        // one thread that lives as long as the process; a thread of the pool would take its children along when it retires.
        new Thread(() =>
        {
            foreach (var start in starts.Reader.ReadAllAsync().ToBlockingEnumerable()) start();
        })
        { IsBackground = true, Name = "launcher" }.Start();
    }

    public async Task<ChildProcess> Start(ProcessSpec spec, LogFile log)
    {
        var started = new TaskCompletionSource<ChildProcess>(TaskCreationOptions.RunContinuationsAsynchronously);
        await starts.Writer.WriteAsync(() =>
        {
            try
            {
                started.SetResult(new ChildProcess(spec, Process.Start(InfoOf(spec))!, log));
            }
            catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
            {
                started.SetException(new StartFailure($"{spec.Name} cannot be started: {e.Message}."));
            }
        });
        return await started.Task;
    }

    /// <summary>
    /// setsid keeps the terminal's Ctrl+C for us alone, setpriv asks for the orphan signal, sh looks whether we are still there
    /// to be missed; each becomes the next, so the pid is the program's own.
    /// </summary>
    internal static IReadOnlyList<string> CommandOf(ProcessSpec spec, int parent) =>
    [
        "setsid", "setpriv", "--pdeathsig", spec.OrphanSignal, .. spec.Become, "--",
        "sh", "-c", "[ $PPID = $0 ] && exec \"$@\"", $"{parent}", spec.Program, .. spec.Arguments,
    ];

    private static ProcessStartInfo InfoOf(ProcessSpec spec)
    {
        var command = CommandOf(spec, Environment.ProcessId);
        var info = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = spec.Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        foreach (var (key, value) in spec.Environment) info.Environment[key] = value;
        return info;
    }
}

/// <summary>One run of a program, from its start to its end.</summary>
internal sealed partial class ChildProcess
{
    private static readonly TimeSpan AskAgainEvery = TimeSpan.FromSeconds(1);
    private readonly Process process;
    private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? reason, lastError;

    public ChildProcess(ProcessSpec spec, Process process, LogFile log)
    {
        (Spec, this.process, Id) = (spec, process, process.Id);
        process.OutputDataReceived += (_, line) => log.Write(line.Data);
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrWhiteSpace(line.Data)) lastError = line.Data.Trim();
            if (line.Data is not null && SoundsLikeAReason().IsMatch(line.Data)) reason ??= line.Data.Trim();
            log.Write(line.Data);
        };
        process.Exited += (_, _) => exited.TrySetResult(process.ExitCode);
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
    }

    public ProcessSpec Spec { get; }
    public int Id { get; }

    /// <summary>Why it ended, in its own words: the first line on standard error that sounds like a reason, else the last one.</summary>
    public string? Reason => reason ?? lastError;

    public Task<int> Exited => exited.Task;

    /// <summary>Asks it to stop and, when it does not, ends it.</summary>
    public async Task Stop()
    {
        // Again and again: a program that is still starting may not listen yet, and then the signal is lost.
        for (var waited = TimeSpan.Zero; waited < Spec.StopPatience && !exited.Task.IsCompleted; waited += AskAgainEvery)
        {
            Signals.Send(Id, Spec.StopSignal);
            await Task.WhenAny(exited.Task, Task.Delay(AskAgainEvery < Spec.StopPatience ? AskAgainEvery : Spec.StopPatience));
        }
        if (!exited.Task.IsCompleted) Signals.Send(Id, Signals.Kill);
        await exited.Task;
    }

    /// <summary>Gives back what the system keeps for a process that has ended, once its last lines are read.</summary>
    public async Task Release()
    {
        // Somebody it started may hold its output open; those lines are then nobody's.
        await Task.WhenAny(process.WaitForExitAsync(), Task.Delay(AskAgainEvery));
        process.Dispose();
    }

    /// <summary>Waits for the end and for the last line it wrote.</summary>
    public async Task<int> Finish(CancellationToken ct)
    {
        var code = await exited.Task.WaitAsync(ct);
        await process.WaitForExitAsync(ct);
        return code;
    }

    [GeneratedRegex("FATAL|PANIC|[Ee]rror:|cannot|could not")]
    private static partial Regex SoundsLikeAReason();
}

/// <summary>A part cannot be started; the message is one sentence for the person who asked for it.</summary>
internal sealed class StartFailure(string message) : Exception(message);
