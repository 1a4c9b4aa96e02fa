using Allocora.Testing;

namespace Allocora.AppHost.Tests;

public sealed class A_process_we_keep_alive : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("allocora-keep-");
    private readonly Launcher launcher = new();
    private readonly List<string> said = [];

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Is_started_again_after_it_was_killed()
    {
        await using var kept = Keep("exec sleep 600");
        await kept.Start(Patience, CancellationToken.None);

        for (var round = 0; round < 3; round++)
        {
            var before = kept.ProcessId!.Value;
            Signals.Send(before, Signals.Kill);
            await Eventually.Sees(() => kept.ProcessId, pid => pid is not null && pid != before);
        }

        Assert.Equal(3, said.Count(s => s.StartsWith("sleeper ended with code 137; starting it again", StringComparison.Ordinal)));
    }

    [Fact]
    public void Does_not_become_the_program_when_whoever_started_it_is_gone()
    {
        var marker = Path.Combine(folder.FullName, "ran");
        var spec = new ProcessSpec("late", "touch", [marker], ServerUser.PlainEnvironment, "/");
        int Run(int parent)
        {
            var command = Launcher.CommandOf(spec, parent);
            using var process = System.Diagnostics.Process.Start(command[0], command.Skip(1));
            process.WaitForExit(); // this thread has to live: the orphan signal is its child's
            return process.ExitCode;
        }

        // Another process than the one it was started for is its parent, as after that one's death.
        Assert.Equal(1, Run(parent: 1));
        Assert.False(File.Exists(marker));
        Assert.Equal(0, Run(Environment.ProcessId));
        Assert.True(File.Exists(marker));
    }

    [Fact]
    public async Task Is_started_again_although_telling_of_it_fails()
    {
        await using var kept = Keep("exec sleep 600");
        await kept.Start(Patience, CancellationToken.None);
        var before = kept.ProcessId!.Value;
        var limit = Path.Combine(folder.FullName, "sleeper.log");
        File.Delete(limit);
        Directory.CreateDirectory(limit); // its log cannot be written any more

        Signals.Send(before, Signals.Kill);

        await Eventually.Sees(() => kept.ProcessId, pid => pid is not null && pid != before);
    }

    [Fact]
    public async Task Waits_longer_each_time_it_ends_early()
    {
        await using var kept = Keep("echo run; exit 3", startAttempts: 4);

        await Assert.ThrowsAsync<StartFailure>(() => kept.Start(Patience, CancellationToken.None));

        Assert.Equal(["0.2", "0.4", "0.8"], said.Select(s => s.Split(" in ")[1].Split(' ')[0]));
    }

    [Fact]
    public async Task Says_in_one_sentence_why_it_cannot_start()
    {
        await using var kept = Keep("echo first >&2; echo 'sleeper cannot start: Sleep__Length is missing.' >&2; exit 1");

        var failure = await Assert.ThrowsAsync<StartFailure>(() => kept.Start(Patience, CancellationToken.None));

        Assert.Equal($"sleeper cannot start: Sleep__Length is missing. Log: {LogPath}", failure.Message);
        Assert.Empty(said);
    }

    [Theory]
    [InlineData("echo 'initdb: error: No space left on device' >&2; echo 'initdb: removing contents' >&2", "initdb: error: No space left on device")]
    [InlineData("echo 'LOG:  starting' >&2; echo 'FATAL:  lock file exists' >&2; echo 'HINT:  look' >&2", "FATAL:  lock file exists")]
    [InlineData("echo 'one' >&2; echo 'two' >&2", "two")]
    [InlineData("echo 'only on standard output'", "it ended with code 1")]
    public async Task Picks_the_line_that_says_why_and_names_the_part(string script, string reason)
    {
        await using var kept = Keep($"{script}; exit 1");

        var failure = await Assert.ThrowsAsync<StartFailure>(() => kept.Start(Patience, CancellationToken.None));

        Assert.Equal($"sleeper did not start: {reason}. Log: {LogPath}", failure.Message);
    }

    [Fact]
    public async Task Is_asked_to_stop_again_when_it_did_not_listen_yet()
    {
        // For its first second it loses the signal, as a server does that is still starting.
        var kept = Keep("trap '' TERM; echo deaf; sleep 1.5; trap 'exit 0' TERM; while :; do sleep 0.1; done", whyNotReady: null);
        await kept.Start(Patience, CancellationToken.None);
        await Eventually.Sees(() => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "", text => text.Contains("deaf", StringComparison.Ordinal));
        var pid = kept.ProcessId!.Value;

        await kept.DisposeAsync();

        Assert.False(IsAlive(pid));
        Assert.Empty(said);
    }

    [Fact]
    public async Task Says_what_it_waits_for_when_it_never_becomes_ready()
    {
        await using var kept = Keep("exec sleep 600", whyNotReady: "the database is away.");

        var failure = await Assert.ThrowsAsync<StartFailure>(() => kept.Start(TimeSpan.FromSeconds(1), CancellationToken.None));

        Assert.Equal($"sleeper did not become ready within 1 s: the database is away. Log: {LogPath}", failure.Message);
    }

    [Fact]
    public async Task Is_ended_when_it_does_not_listen()
    {
        var kept = Keep("trap '' TERM; echo deaf; while :; do sleep 600 & wait $!; done", stopPatience: TimeSpan.FromMilliseconds(300));
        await kept.Start(Patience, CancellationToken.None);
        var pid = kept.ProcessId!.Value;
        await Eventually.Sees(() => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "", text => text.Contains("deaf", StringComparison.Ordinal));

        await kept.DisposeAsync();

        Assert.False(IsAlive(pid));
        Assert.Null(kept.ProcessId);
    }

    [Fact]
    public async Task Is_not_started_again_once_it_was_stopped()
    {
        var kept = Keep("exec sleep 600");
        await kept.Start(Patience, CancellationToken.None);

        await kept.DisposeAsync();

        Assert.Null(kept.ProcessId);
        Assert.Empty(said);
    }

    [Fact]
    public async Task Gets_neither_our_environment_nor_our_terminals_signals()
    {
        Environment.SetEnvironmentVariable("ALLOCORA_NOT_FOR_CHILDREN", "secret");
        await using var kept = Keep("env; ps -o sid= -p $$; echo pid $$; exec sleep 600");
        await kept.Start(Patience, CancellationToken.None);

        var text = await Eventually.Sees(() => File.Exists(LogPath) ? File.ReadAllText(LogPath) : "", t => t.Contains("pid ", StringComparison.Ordinal));

        Assert.DoesNotContain("ALLOCORA_NOT_FOR_CHILDREN", text, StringComparison.Ordinal);
        Assert.Contains(text.Split('\n'), line => line.Trim() == $"{kept.ProcessId}"); // the leader of a session of its own
    }

    [Fact]
    public async Task Lives_on_when_the_thread_that_asked_for_it_ends()
    {
        var kept = Keep("exec sleep 600");
        var thread = new Thread(() => kept.Start(Patience, CancellationToken.None).GetAwaiter().GetResult());
        thread.Start();
        thread.Join();
        var pid = kept.ProcessId!.Value;

        // More threads come and go than the one that asked.
        for (var i = 0; i < 50; i++)
        {
            var other = new Thread(() => { });
            other.Start();
            other.Join();
        }

        Assert.True(IsAlive(pid));
        Assert.Equal(pid, kept.ProcessId);
        await kept.DisposeAsync();
    }

    private string LogPath => Path.Combine(folder.FullName, "sleeper.log");

    private Supervised Keep(string script, string? whyNotReady = null, int startAttempts = 1, TimeSpan? stopPatience = null)
    {
        var spec = new ProcessSpec("sleeper", "/bin/sh", ["-c", script], ServerUser.PlainEnvironment, "/") { StopPatience = stopPatience ?? Patience };
        var ready = script.Contains("exit 1", StringComparison.Ordinal) || script.Contains("exit 3", StringComparison.Ordinal) ? "it ends" : whyNotReady;
        return new(launcher, spec, new LogFile(LogPath), _ => Task.FromResult(ready), said.Add, startAttempts);
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
