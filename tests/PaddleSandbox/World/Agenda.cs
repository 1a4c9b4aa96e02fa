namespace Allocora.PaddleSandbox.World;

/// <summary>What will happen by itself: a report that gets ready, a refund that is approved. Each at its own time, however late we look.</summary>
internal sealed class Agenda
{
    private readonly Lock gate = new();
    private readonly PriorityQueue<Action<long>, (long Due, long Order)> entries = new();
    private long order;

    /// <param name="act">Gets the time at which it was due.</param>
    public void Add(long due, Action<long> act)
    {
        lock (gate) entries.Enqueue(act, (due, order++));
    }

    /// <param name="now">Up to when.</param>
    /// <param name="happen">Does one of them, and deals with what goes wrong.</param>
    public void CatchUp(long now, Action<Action<long>, long> happen)
    {
        while (Next(now) is var (act, due)) happen(act, due);
    }

    private (Action<long> Act, long Due)? Next(long now)
    {
        lock (gate)
        {
            if (!entries.TryPeek(out var act, out var at) || at.Due > now) return null;
            entries.Dequeue();
            return (act, at.Due);
        }
    }
}
