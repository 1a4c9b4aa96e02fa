namespace Allocora.AppHost;

/// <summary>A process that is started again whenever it ends, until it is stopped.</summary>
internal sealed class Supervised : IAsyncDisposable
{
    private static readonly TimeSpan DelayMin = TimeSpan.FromMilliseconds(200), DelayMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(30), AskEvery = TimeSpan.FromMilliseconds(100);

    private readonly Launcher launcher;
    private readonly ProcessSpec spec;
    private readonly LogFile log;
    private readonly Func<CancellationToken, Task<string?>> whyNotReady;
    private readonly Action<string> say;
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource firstReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int startAttempts;
    private Task loop = Task.CompletedTask;
    private int stopped;
    private volatile ChildProcess? child;
    private volatile string lastReason = "it has not answered yet";

    /// <param name="whyNotReady">Null when the process does its work; otherwise what is missing.</param>
    /// <param name="startAttempts">How often it may end before it was ever ready; a server may have to wait for remains of its last run.</param>
    public Supervised(
        Launcher launcher, ProcessSpec spec, LogFile log, Func<CancellationToken, Task<string?>> whyNotReady, Action<string> say, int startAttempts = 1)
    {
        (this.launcher, this.spec, this.log, this.whyNotReady, this.say) = (launcher, spec, log, whyNotReady, say);
        this.startAttempts = startAttempts;
    }

    public string Name => spec.Name;

    /// <summary>The pid of the present run; null between two.</summary>
    public int? ProcessId => child?.Id;

    /// <summary>Called whenever the pid has changed.</summary>
    public Action Changed { get; set; } = () => { };

    /// <summary>Starts it and returns once it is ready for the first time; when that fails, it is stopped and one sentence says why.</summary>
    public async Task Start(TimeSpan patience, CancellationToken ct)
    {
        loop = Keep();
        _ = loop.ContinueWith(
            failed => say($"{Name} is no longer looked after: {failed.Exception!.GetBaseException().Message}"),
            CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        try
        {
            await firstReady.Task.WaitAsync(patience, ct);
        }
        catch (TimeoutException)
        {
            throw new StartFailure($"{Name} did not become ready within {patience.TotalSeconds:0} s: {lastReason.TrimEnd('.')}. Log: {log.Path}");
        }
        finally
        {
            if (!firstReady.Task.IsCompletedSuccessfully) await DisposeAsync();
        }
    }

    /// <summary>Stops it for good.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref stopped, 1) == 1) return;
        await stopping.CancelAsync();
        if (child is { } running) await running.Stop();
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stopping.Dispose();
    }

    private async Task Keep()
    {
        var (delay, attempt) = (DelayMin, 1);
        while (!stopping.IsCancellationRequested)
        {
            ChildProcess running;
            try
            {
                running = await launcher.Start(spec, log);
            }
            catch (StartFailure e)
            {
                if (firstReady.TrySetException(e)) return;
                say($"{e.Message.TrimEnd('.')}; trying again in {delay.TotalSeconds:0.#} s");
                delay = await Wait(delay);
                continue;
            }
            var born = Environment.TickCount64;
            child = running;
            Changed();
            // A stop that came while the process was being started did not see it.
            if (stopping.IsCancellationRequested) await running.Stop();
            await AskUntilReady(running);
            var code = await running.Exited;
            child = null;
            Changed();
            if (stopping.IsCancellationRequested) return;

            if (!firstReady.Task.IsCompleted && attempt++ >= startAttempts)
            {
                await running.Finish(stopping.Token);
                firstReady.TrySetException(new StartFailure($"{WhyEnded(running, code)}. Log: {log.Path}"));
                return;
            }
            if (Environment.TickCount64 - born > SettledAfter.TotalMilliseconds) delay = DelayMin;
            await running.Release();
            say($"{Name} ended with code {code}; starting it again in {delay.TotalSeconds:0.#} s");
            delay = await Wait(delay);
        }
    }

    /// <summary>Waits, and returns how long to wait the next time.</summary>
    private async Task<TimeSpan> Wait(TimeSpan delay)
    {
        await Task.Delay(delay, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return delay * 2 < DelayMax ? delay * 2 : DelayMax;
    }

    private string WhyEnded(ChildProcess ended, int code)
    {
        var reason = ended.Reason?.TrimEnd('.') ?? $"it ended with code {code}";
        return reason.StartsWith($"{Name} ", StringComparison.Ordinal) ? reason : $"{Name} did not start: {reason}";
    }

    private async Task AskUntilReady(ChildProcess running)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token);
        _ = running.Exited.ContinueWith(_ => over.CancelAsync(), over.Token, TaskContinuationOptions.None, TaskScheduler.Default);
        while (!over.IsCancellationRequested)
        {
            try
            {
                if (await whyNotReady(over.Token) is not { } reason)
                {
                    firstReady.TrySetResult();
                    return;
                }
                lastReason = reason;
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                return;
            }
            await Task.Delay(AskEvery, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
