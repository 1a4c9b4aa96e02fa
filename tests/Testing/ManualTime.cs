namespace Allocora.Testing;

/// <summary>A clock that stands still until a test moves it. Timers, delays and timeouts made from it fire as it passes them.</summary>
public sealed class ManualTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock moving = new();
    private readonly List<Timer> timers = [];
    private DateTimeOffset origin = start.ToUniversalTime();
    private TimeSpan elapsed, horizon;

    public ManualTime() : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)) { }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How long it is until each pending timer fires, soonest first: how a test knows that something waits.</summary>
    public IReadOnlyList<TimeSpan> Due
    {
        get
        {
            lock (moving) return [.. timers.Where(t => t.Next is not null).Select(t => t.Next!.Value - elapsed).Order()];
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (moving) return origin + elapsed;
    }

    public override long GetTimestamp()
    {
        lock (moving) return elapsed.Ticks;
    }

    /// <summary>Lets time pass. Every timer sees the clock at the moment it was due, in the order they were due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (moving) horizon += by;
        while (NextBeforeHorizon() is { } timer) timer.Fire();
    }

    /// <summary>Sets the clock: forwards time passes, backwards it is only told differently, as when an operator corrects it.</summary>
    public void Set(DateTimeOffset now)
    {
        TimeSpan ahead;
        lock (moving)
        {
            ahead = now - (origin + horizon);
            if (ahead < TimeSpan.Zero) origin += ahead;
        }
        if (ahead > TimeSpan.Zero) Advance(ahead);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        lock (moving) timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    private Timer? NextBeforeHorizon()
    {
        lock (moving)
        {
            var next = timers.Where(t => t.Next <= horizon).MinBy(t => t.Next);
            // A callback may have set a timer for a moment that another thread has already passed.
            if (next is null) elapsed = horizon;
            else if (next.Next > elapsed) elapsed = next.Next!.Value;
            next?.Reschedule();
            return next;
        }
    }

    private sealed class Timer(ManualTime clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan period;

        public TimeSpan? Next { get; private set; }

        public void Fire() => callback(state);

        public void Reschedule() => Next = period > TimeSpan.Zero ? Next + period : null;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.moving)
            {
                if (!clock.timers.Contains(this)) return false;
                this.period = period;
                Next = dueTime > TimeSpan.Zero ? clock.elapsed + dueTime : null;
                if (dueTime == TimeSpan.Zero) Next = period > TimeSpan.Zero ? clock.elapsed + period : null;
            }
            // As with a real timer, never inside the call that sets it.
            if (dueTime == TimeSpan.Zero) ThreadPool.QueueUserWorkItem(_ => Fire());
            return true;
        }

        public void Dispose()
        {
            lock (clock.moving)
            {
                Next = null;
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
