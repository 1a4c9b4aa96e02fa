namespace Allocora.PaddleSandbox.Api;

/// <summary>How many calls one address made in the last minute.</summary>
internal sealed class RateWindow(int most, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Queue<long> calls = new();

    /// <summary>Counts a call: null when it may be made, or in how many whole seconds it may.</summary>
    public int? Refuses()
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            while (calls.TryPeek(out var oldest) && now - oldest >= Minute) calls.Dequeue();
            if (calls.Count < most)
            {
                calls.Enqueue(now);
                return null;
            }
            var left = Minute - (now - calls.Peek());
            return (int)((left + time.TimestampFrequency - 1) / time.TimestampFrequency);
        }
    }

    private long Minute => 60 * time.TimestampFrequency;
}
