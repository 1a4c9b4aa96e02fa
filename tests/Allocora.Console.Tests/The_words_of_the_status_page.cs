using Allocora.Contracts.Api;

namespace Allocora.Console.Tests;

public sealed class The_words_of_the_status_page
{
    private static readonly DateTimeOffset Now = new(2026, 10, 31, 14, 2, 11, TimeSpan.FromHours(1));

    [Theory]
    [InlineData("All 3 services are ready.", "ready", "ready", "ready")]
    [InlineData("1 of 3 services is not ready.", "ready", "draining", "ready")]
    [InlineData("2 of 3 services are not ready.", "unreachable", "ready", "not-ready")]
    [InlineData("3 of 3 services are not ready.", "unreachable", "draining", "not-ready")]
    public void The_summary_counts_what_is_not_ready_for_whatever_reason(string sentence, params string[] states) =>
        Assert.Equal(sentence, StatusWords.Summary(Of(states), isStale: false));

    [Theory]
    [InlineData("When last asked, all 2 services were ready.", "ready", "ready")]
    [InlineData("When last asked, 1 of 2 services was not ready.", "draining", "ready")]
    [InlineData("When last asked, 2 of 2 services were not ready.", "draining", "not-ready")]
    public void A_summary_of_what_is_no_longer_current_speaks_of_the_past(string sentence, params string[] states) =>
        Assert.Equal(sentence, StatusWords.Summary(Of(states), isStale: true));

    [Theory]
    [InlineData("ready", "Ready")]
    [InlineData("not-ready", "Not ready")]
    [InlineData("draining", "Draining")]
    [InlineData("unreachable", "Unreachable")]
    public void Each_state_has_its_word(string state, string word) => Assert.Equal(word, StatusWords.State(state));

    [Theory]
    [InlineData(-90, "just now")]
    [InlineData(0, "just now")]
    [InlineData(1, "1 s ago")]
    [InlineData(59, "59 s ago")]
    [InlineData(60, "1 min ago")]
    [InlineData(3599, "59 min ago")]
    [InlineData(3600, "1 h ago")]
    [InlineData(86399, "23 h ago")]
    [InlineData(86400, "1 day ago")]
    [InlineData(2 * 86400, "2 days ago")]
    [InlineData(400 * 86400, "400 days ago")]
    public void How_long_ago_is_told_in_the_largest_unit_that_fits(int seconds, string words) =>
        Assert.Equal(words, StatusWords.Relative(Now - TimeSpan.FromSeconds(seconds), Now));

    [Fact]
    public void A_moment_is_told_in_universal_time()
    {
        Assert.Equal("2026-10-31 13:02:11", StatusWords.Absolute(Now));
        Assert.Equal("2026-10-31T13:02:11Z", StatusWords.Machine(Now));
    }

    [Fact]
    public void What_is_known_is_out_of_date_only_when_it_is_older_than_it_may_be()
    {
        var limit = TimeSpan.FromSeconds(6);

        Assert.False(StatusWords.IsStale(Now - limit, Now, limit));
        Assert.True(StatusWords.IsStale(Now - limit - TimeSpan.FromTicks(1), Now, limit));
    }

    [Fact]
    public void A_dependency_is_ok_or_says_why_not()
    {
        Assert.Equal("ok", StatusWords.Dependency(new("rabbitmq", true, null)));
        Assert.Equal("RabbitMQ does not answer.", StatusWords.Dependency(new("rabbitmq", false, "RabbitMQ does not answer.")));
        Assert.Equal("does not answer", StatusWords.Dependency(new("rabbitmq", false, null)));
    }

    private static SystemStatus Of(string[] states) => new(Now, [.. states.Select(s => new ServiceStatus(s, s, Now, null, []))]);
}
