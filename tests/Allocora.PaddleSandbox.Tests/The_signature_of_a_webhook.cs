using Allocora.PaddleSandbox.Events;

namespace Allocora.PaddleSandbox;

public sealed class The_signature_of_a_webhook
{
    [Fact]
    public void It_is_the_one_that_Paddles_own_test_has()
    {
        var header = Signature.Header(["VALID_SECRET"], 1698796800, """{"data": ["1", "2"]}"""u8);

        Assert.Equal("ts=1698796800;h1=a300428748dce5c70e4da19bffd60769591ea969c99dea3105d0ec9612cf43f9", header);
    }

    [Fact]
    public void Every_space_counts()
    {
        Assert.NotEqual(Signature.Header(["s"], 1, """{"data":1}"""u8), Signature.Header(["s"], 1, """{"data": 1}"""u8));
    }

    [Fact]
    public void There_is_one_for_each_secret_that_counts()
    {
        var both = Signature.Header(["old", "new"], 7, "{}"u8);

        Assert.Equal($"{Signature.Header(["old"], 7, "{}"u8)};h1={Signature.Header(["new"], 7, "{}"u8)["ts=7;h1=".Length..]}", both);
    }

    [Fact]
    public void A_live_webhook_is_tried_again_60_times_in_3_days_and_always_later()
    {
        var pauses = Pauses(new RetrySchedule(isLive: true, pace: 1));

        Assert.Equal(60, pauses.Count);
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(20, Within(pauses, TimeSpan.FromHours(1)));
        Assert.Equal(47, Within(pauses, TimeSpan.FromDays(1)));
        Assert.Equal(60, Within(pauses, TimeSpan.FromDays(3)));
    }

    [Fact]
    public void In_the_sandbox_it_is_3_times_in_15_minutes_and_as_much_faster_as_was_asked_for()
    {
        Assert.Equal([1, 4, 10], Pauses(new RetrySchedule(isLive: false, pace: 1)).Select(pause => pause.TotalMinutes));
        Assert.Equal([1, 4, 10], Pauses(new RetrySchedule(isLive: false, pace: 60)).Select(pause => pause.TotalSeconds));
    }

    private static List<TimeSpan> Pauses(RetrySchedule schedule)
    {
        var pauses = new List<TimeSpan>();
        while (schedule.After(pauses.Count + 1) is { } pause) pauses.Add(pause);
        return pauses;
    }

    private static int Within(List<TimeSpan> pauses, TimeSpan span)
    {
        var (count, spent) = (0, TimeSpan.Zero);
        while (count < pauses.Count && (spent += pauses[count]) <= span) count++;
        return count;
    }
}
