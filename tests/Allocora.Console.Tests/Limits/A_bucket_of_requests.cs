using System.Net;
using Allocora.Testing;

namespace Allocora.Console.Tests;

public sealed class A_bucket_of_requests
{
    private readonly ManualTime time = new();

    [Fact]
    public void Holds_a_tenth_of_a_minute_and_fills_evenly()
    {
        var limit = new RateLimit("caller", 600, time);

        Assert.Equal(60, Taken(limit, "a", 100));
        time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(0, Taken(limit, "a", 10));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, Taken(limit, "a", 10));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(30, Taken(limit, "a", 100));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(60, Taken(limit, "a", 100));
    }

    [Fact]
    public void Lets_nobody_else_pay_for_it()
    {
        var limit = new RateLimit("caller", 600, time);
        Taken(limit, "a", 1000);

        Assert.Equal(60, Taken(limit, "b", 100));
    }

    [Fact]
    public void Says_how_many_are_left_and_when_there_is_one_again()
    {
        var limit = new RateLimit("caller", 30, time);

        Assert.Equal(new LimitVerdict(true, 2, TimeSpan.Zero, TimeSpan.FromSeconds(2), false), limit.Take("a"));
        limit.Take("a");
        Assert.Equal(0, limit.Take("a").Remaining);
        time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(new LimitVerdict(false, 0, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(5.5), true), limit.Take("a"));
        time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.True(limit.Take("a").IsAllowed);
    }

    [Fact]
    public void Is_news_when_it_is_empty_once_a_minute()
    {
        var limit = new RateLimit("caller", 10, time);

        int News()
        {
            var count = 0;
            for (var i = 0; i < 70; i++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                if (limit.Take("a").IsNews) count++;
            }
            return count;
        }
        Assert.Equal((2, 1), (News(), News()));
    }

    [Fact]
    public void Is_not_kept_once_it_is_full_and_never_more_than_so_many()
    {
        var limit = new RateLimit("address", 60, time);
        for (var i = 0; i < RateLimit.PartitionsMax + 50; i++) limit.Take($"{i}");

        Assert.Equal(RateLimit.PartitionsMax + 1, limit.Count);
        Assert.False(limit.Take("one more").IsAllowed);
        time.Advance(TimeSpan.FromMinutes(2));
        Assert.True(limit.Take("one more").IsAllowed);
        Assert.Equal(1, limit.Count);
    }

    [Theory]
    [InlineData("203.0.113.7", "203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "203.0.113.7")]
    [InlineData("2001:db8:1:2:aaaa::1", "20010db800010002")]
    [InlineData("2001:db8:1:2:bbbb::9", "20010db800010002")]
    public void Of_the_newer_addresses_a_network_counts_as_one(string address, string partition) =>
        Assert.Equal(partition, LimitRequests.PartitionOf(IPAddress.Parse(address)));

    private static int Taken(RateLimit limit, string partition, int tries) => Enumerable.Range(0, tries).Count(_ => limit.Take(partition).IsAllowed);
}
