using Allocora.Testing;

namespace Allocora.ServiceDefaults.Tests.TestingTools;

public sealed class Moving_the_clock_by_hand
{
    private static readonly DateTimeOffset Noon = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTime time = new(Noon);

    [Fact]
    public void It_stands_still_until_it_is_moved()
    {
        var started = time.GetTimestamp();
        Assert.Equal(Noon, time.GetUtcNow());

        time.Advance(90 * Second);

        Assert.Equal(Noon.AddSeconds(90), time.GetUtcNow());
        Assert.Equal(90 * Second, time.GetElapsedTime(started));
    }

    [Fact]
    public async Task A_delay_ends_exactly_when_its_time_has_passed()
    {
        var delay = Task.Delay(5 * Second, time);

        time.Advance(5 * Second - TimeSpan.FromTicks(1));
        Assert.False(delay.IsCompleted);
        time.Advance(TimeSpan.FromTicks(1));
        await delay.WaitAsync(Eventually.Deadline);
    }

    [Fact]
    public async Task A_periodic_timer_ticks_at_every_period()
    {
        using var timer = new PeriodicTimer(10 * Second, time);

        for (var i = 0; i < 3; i++)
        {
            var tick = timer.WaitForNextTickAsync().AsTask();
            time.Advance(9 * Second);
            Assert.False(tick.IsCompleted);
            time.Advance(Second);
            Assert.True(await tick.WaitAsync(Eventually.Deadline));
        }
    }

    [Fact]
    public void Timers_fire_in_the_order_they_are_due_and_see_that_moment()
    {
        var fired = new List<string>();
        using var late = time.CreateTimer(_ => fired.Add($"late {time.GetUtcNow():ss}"), null, 3 * Second, Timeout.InfiniteTimeSpan);
        using var early = time.CreateTimer(_ => fired.Add($"early {time.GetUtcNow():ss}"), null, Second, Second);

        time.Advance(3 * Second);

        Assert.Equal(["early 01", "early 02", "late 03", "early 03"], fired);
    }

    [Fact]
    public void A_timer_set_by_a_timer_fires_within_the_same_move()
    {
        var fired = 0;
        ITimer? second = null;
        using var first = time.CreateTimer(
            _ => second = time.CreateTimer(_ => fired++, null, Second, Timeout.InfiniteTimeSpan), null, Second, Timeout.InfiniteTimeSpan);

        time.Advance(2 * Second);

        Assert.Equal(1, fired);
        second!.Dispose();
    }

    [Fact]
    public void A_disposed_timer_does_not_fire_and_is_no_longer_due()
    {
        var fired = 0;
        var timer = time.CreateTimer(_ => fired++, null, Second, Second);
        Assert.Equal([Second], time.Due);

        timer.Dispose();
        time.Advance(5 * Second);

        Assert.Equal(0, fired);
        Assert.Empty(time.Due);
        Assert.False(timer.Change(Second, Second));
    }

    [Fact]
    public async Task A_timer_due_at_once_fires_without_a_move()
    {
        var fired = 0;
        using var timer = time.CreateTimer(_ => Interlocked.Increment(ref fired), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await Eventually.Sees(() => Volatile.Read(ref fired), f => f == 1);
    }

    [Fact]
    public void Setting_it_ahead_lets_time_pass_and_setting_it_back_does_not()
    {
        var fired = 0;
        using var timer = time.CreateTimer(_ => fired++, null, 60 * Second, 60 * Second);
        var started = time.GetTimestamp();

        time.Set(Noon.AddMinutes(1));
        Assert.Equal(1, fired);
        time.Set(Noon.AddMinutes(-30));

        Assert.Equal(1, fired);
        Assert.Equal(Noon.AddMinutes(-30), time.GetUtcNow());
        Assert.Equal(60 * Second, time.GetElapsedTime(started));
        time.Advance(60 * Second);
        Assert.Equal(2, fired);
    }

    [Fact]
    public void Moves_from_many_threads_add_up()
    {
        var fired = 0;
        using var timer = time.CreateTimer(_ => Interlocked.Increment(ref fired), null, Second, Second);

        Parallel.For(0, 400, _ => time.Advance(Second));

        Assert.Equal(Noon.AddSeconds(400), time.GetUtcNow());
        Assert.Equal(400, fired);
    }

    [Fact]
    public void A_token_is_cancelled_when_its_time_has_passed()
    {
        using var patience = new CancellationTokenSource(30 * Second, time);

        time.Advance(30 * Second);

        Assert.True(patience.IsCancellationRequested);
    }
}
