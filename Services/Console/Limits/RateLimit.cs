namespace Allocora.Console;

/// <param name="Remaining">How many more would be let through at once.</param>
/// <param name="RetryAfter">When one more is let through; zero when it was.</param>
/// <param name="Reset">When all are there again.</param>
/// <param name="IsNews">The first refusal of this partition within a minute.</param>
internal readonly record struct LimitVerdict(bool IsAllowed, long Remaining, TimeSpan RetryAfter, TimeSpan Reset, bool IsNews);

/// <summary>
/// A token bucket for each partition, kept as the moment at which it is full again: that says how many tokens there are, costs no
/// timer, and a bucket that is full need not be kept at all. The framework's own buckets go by a clock no test can move.
/// </summary>
internal sealed class RateLimit(string name, int perMinute, TimeProvider time)
{
    public const int PartitionsMax = 100_000;

    // Those for whom there is no room share one.
    private const string Others = "";
    private readonly Lock taking = new();
    private readonly Dictionary<string, Bucket> buckets = [];
    private readonly long started = time.GetTimestamp(), interval = TimeSpan.TicksPerMinute / perMinute;
    private long nextSweep = TimeSpan.TicksPerMinute;

    public string Name => name;

    public int PerMinute => perMinute;

    public int Burst { get; } = Math.Max(1, perMinute / 10);

    /// <summary>How many partitions are kept in mind.</summary>
    public int Count
    {
        get
        {
            lock (taking) return buckets.Count;
        }
    }

    public LimitVerdict Take(string partition)
    {
        var now = time.GetElapsedTime(started).Ticks;
        lock (taking)
        {
            if (now >= nextSweep) Sweep(now);
            if (!buckets.TryGetValue(partition, out var bucket)) (partition, bucket) = Begin(partition, now);
            var fullAt = Math.Max(bucket.FullAt, now);
            var tooEarly = fullAt + interval - Burst * interval - now;
            if (tooEarly > 0)
            {
                var isNews = now >= bucket.QuietUntil;
                if (isNews) buckets[partition] = bucket with { QuietUntil = now + TimeSpan.TicksPerMinute };
                return new(false, 0, TimeSpan.FromTicks(tooEarly), TimeSpan.FromTicks(fullAt - now), isNews);
            }
            buckets[partition] = bucket with { FullAt = fullAt + interval };
            return new(true, -tooEarly / interval, TimeSpan.Zero, TimeSpan.FromTicks(fullAt + interval - now), IsNews: false);
        }
    }

    private (string Partition, Bucket Bucket) Begin(string partition, long now)
    {
        if (buckets.Count >= PartitionsMax && now >= nextSweep - TimeSpan.TicksPerMinute + TimeSpan.TicksPerSecond) Sweep(now);
        return buckets.Count < PartitionsMax ? (partition, default) : (Others, buckets.GetValueOrDefault(Others));
    }

    private void Sweep(long now)
    {
        foreach (var (partition, _) in buckets.Where(b => b.Value.FullAt <= now && b.Value.QuietUntil <= now).ToList()) buckets.Remove(partition);
        nextSweep = now + TimeSpan.TicksPerMinute;
    }

    private readonly record struct Bucket(long FullAt, long QuietUntil);
}
