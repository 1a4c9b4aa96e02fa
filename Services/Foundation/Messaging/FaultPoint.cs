using System.Diagnostics;

namespace Allocora.Messaging;

/// <summary>
/// Places at which tests end the process, to see that nothing is lost there. Calls are compiled into builds with FAULTS only, which is
/// never one that is shipped.
/// </summary>
public static class FaultPoint
{
    private static readonly string[] Wanted = (Environment.GetEnvironmentVariable("ALLOCORA_FAULT") ?? "").Split(':');
    private static int reached;

    /// <summary>Ends the process at once if <c>ALLOCORA_FAULT</c> is this point, at the time it names: <c>after-fetch:3</c>.</summary>
    [Conditional("FAULTS")]
    public static void Reach(string point)
    {
        if (Wanted is [var wanted, var times] && wanted == point && Interlocked.Increment(ref reached) == int.Parse(times, provider: null))
            Process.GetCurrentProcess().Kill();
    }
}
