using System.Collections;
using System.Runtime.InteropServices;
using Allocora.AppHost;

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

using var stop = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var onHangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop); // the terminal was closed

try
{
    var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
    var options = RunOptions.Parse(args, environment);
    return options.Verb switch
    {
        "run" => await Verbs.Run(options, stop.Token),
        "servers" => await Verbs.Servers(options, stop.Token),
        "link" => Verbs.Link(options),
        "replay" => await ReplayVerb.Run(options, stop.Token),
        "status" => await Verbs.Status(options, stop.Token),
        var unknown => throw new UsageException($"{unknown} is not a verb of the AppHost."),
    };
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (StartFailure e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"Allocora cannot start: {e.Message}");
    return 1;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.Error.WriteLine("Allocora was stopped before it was up.");
    return 130;
}

// The first signal stops in order; a second one is not kept from ending us, and the kernel then ends our children.
void Stop(PosixSignalContext context)
{
    context.Cancel = !stop.IsCancellationRequested;
    _ = stop.CancelAsync();
}
