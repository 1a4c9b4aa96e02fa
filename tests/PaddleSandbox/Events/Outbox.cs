namespace Allocora.PaddleSandbox.Events;

/// <summary>What still has to be tried, and when: for each destination one after another, so that events arrive in their order.</summary>
internal sealed class Outbox
{
    private sealed class Queue
    {
        public SortedSet<(long Due, long Order, string Id)> Waiting { get; } = [];

        public bool IsBusy { get; set; }
    }

    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue> queues = [];
    private long order;
    private int fresh;

    /// <summary>How many were never tried yet.</summary>
    public int Fresh
    {
        get
        {
            lock (gate) return fresh;
        }
    }

    public void Add(string destinationId, string notificationId, long due, bool isFresh)
    {
        lock (gate)
        {
            if (!queues.TryGetValue(destinationId, out var queue)) queues[destinationId] = queue = new();
            // Above zero for those never tried, so that it is known when one is taken.
            queue.Waiting.Add((due, isFresh ? ++order : -++order, notificationId));
            if (isFresh) fresh++;
        }
    }

    /// <summary>The next that is due at a destination to which nothing is on its way; it is busy until it is freed.</summary>
    public (string DestinationId, string NotificationId)? Take(long now)
    {
        lock (gate)
        {
            foreach (var (destinationId, queue) in queues)
            {
                if (queue.IsBusy || queue.Waiting.Count == 0 || queue.Waiting.Min.Due > now) continue;
                var next = queue.Waiting.Min;
                queue.Waiting.Remove(next);
                if (next.Order > 0) fresh--;
                queue.IsBusy = true;
                return (destinationId, next.Id);
            }
            return null;
        }
    }

    public void Free(string destinationId)
    {
        lock (gate) queues[destinationId].IsBusy = false;
    }
}
