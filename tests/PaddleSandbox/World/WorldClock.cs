namespace Allocora.PaddleSandbox.World;

/// <summary>
/// The sandbox's own time: everything in it, and its Date header, follows this. It starts where it is told, runs as fast as the machine's, and
/// can be moved forward or stopped.
/// </summary>
internal sealed class WorldClock(long start, TimeProvider time)
{
    private readonly Lock gate = new();
    private long from = start, mark = time.GetTimestamp();
    private bool frozen;

    public long Now
    {
        get
        {
            lock (gate) return frozen ? from : from + Elapsed;
        }
    }

    public bool Frozen
    {
        get
        {
            lock (gate) return frozen;
        }
    }

    /// <summary>Moves to the instant, or stays where it is later already: time does not run backwards.</summary>
    public long Set(long to, bool freeze)
    {
        lock (gate)
        {
            from = Math.Max(to, frozen ? from : from + Elapsed);
            mark = time.GetTimestamp();
            frozen = freeze;
            return from;
        }
    }

    private long Elapsed => time.GetElapsedTime(mark).Ticks / TimeSpan.TicksPerMicrosecond;
}
