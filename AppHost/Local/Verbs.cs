namespace Allocora.AppHost;

/// <summary>What the AppHost can be asked to do; the front door is <c>./allocora</c>.</summary>
internal static class Verbs
{
    private static volatile bool isTerminalGone;

    /// <summary>Runs the whole system until it is told to stop.</summary>
    public static async Task<int> Run(RunOptions options, CancellationToken ct)
    {
        using var data = DataFolder.Open(options.Data);
        data.Remove(RunFile.Name); // left behind by a run that was killed
        var log = new LogFile(data.LogPath("apphost"), Say);
        await using var system = new SystemRun(AllocoraSystem.Describe(), options, data, log.Write);
        try
        {
            await system.Start(ct);
        }
        catch (StartFailure e)
        {
            new LogFile(log.Path).Write(e.Message); // the terminal gets it last, when all is stopped
            throw;
        }
        // To the terminal and not into the log: whoever reads it within minutes is signed in.
        if (system.SignInLink() is { } link) Say($"Sign in within {SignInLink.GoodFor.TotalMinutes:0} minutes, once: {link}");
        log.Write($"Allocora is up: {system.ConsoleUrl}");
        await Forever(ct);
        log.Write("Stopping.");
        return 0;
    }

    /// <summary>Runs only a private PostgreSQL and RabbitMQ, for tests, and prints how to reach them.</summary>
    public static async Task<int> Servers(RunOptions options, CancellationToken ct)
    {
        using var data = DataFolder.Open(options.Data);
        await using var servers = new PrivateServers(data, Console.Error.WriteLine);
        await servers.Start(ct);
        foreach (var (key, value) in servers.Environment) Console.WriteLine($"{key}={value}");
        Console.WriteLine("ready");
        await Forever(ct);
        return 0;
    }

    /// <summary>Prints a link with which the person at this machine signs in.</summary>
    public static int Link(RunOptions options)
    {
        if (StatusReport.Read(Path.Combine(options.Data, RunFile.Name)) is not { } run || DataFolder.KeyIn(options.Data, Addresses.LinkKey) is not { } key)
            throw new StartFailure("Allocora is not running here; start it with ./allocora up");
        Console.Error.WriteLine($"Good for {SignInLink.GoodFor.TotalMinutes:0} minutes, once:");
        Console.WriteLine(SignInLink.Make(run.Console, key, TimeProvider.System.GetUtcNow()));
        return 0;
    }

    public static Task<int> Status(RunOptions options, CancellationToken ct) => StatusReport.Print(options, ct);

    public static void Say(string line)
    {
        if (isTerminalGone) return;
        try
        {
            Console.WriteLine(line);
        }
        catch (IOException)
        {
            isTerminalGone = true; // what it would have shown is in the log
        }
    }

    private static Task Forever(CancellationToken ct) =>
        Task.Delay(Timeout.Infinite, ct).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}
