using System.Globalization;
using Microsoft.Extensions.Options;

namespace Allocora.Connector.Tests;

public sealed class The_budget_of_calls : IAsyncLifetime
{
    private const int Minute = 236, Burst = 20;

    private ConnectorDatabase database = null!;
    private readonly long since = TimeProvider.System.GetTimestamp();
    private TimeSpan passed;

    private TimeSpan Now => passed + TimeProvider.System.GetElapsedTime(since);

    public async Task InitializeAsync() => database = await ConnectorDatabase.Create();

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Whoever_wants_all_there_is_gets_a_burst_and_then_the_pace_of_the_minute()
    {
        var granted = await Ask(TimeSpan.FromMinutes(6), _ => 1_000, permits => permits.AgainIn + TimeSpan.FromSeconds(2));

        Within(granted);
        Assert.Equal(Burst, granted[0].Calls);
        // The minute has 61 seconds.
        Assert.InRange(granted.Sum(one => one.Calls), 6 * Minute * 57 / 61, (6 * Minute) + Burst);
    }

    [Fact]
    public async Task When_it_says_to_ask_again_there_is_one()
    {
        var asks = new List<int>();
        await Ask(TimeSpan.FromMinutes(2), _ => 30, permits =>
        {
            asks.Add(permits.Granted);
            return permits.AgainIn;
        });

        // A full minute can be told first, and then the pace once more.
        Assert.True(asks.Count(granted => granted == 0) <= 8, string.Join(' ', asks));
        Assert.InRange(asks.Sum(), 2 * Minute * 50 / 61, (2 * Minute) + Burst);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task However_it_is_asked_for_no_minute_has_more(int seed)
    {
        var dice = new Random(seed);
        var granted = await Ask(
            TimeSpan.FromMinutes(10), _ => dice.Next(1, 40),
            _ => TimeSpan.FromMilliseconds(dice.Next(40) switch { 0 => dice.Next(90_000), < 16 => dice.Next(5_000), _ => dice.Next(300) }));

        Within(granted);
        Assert.True(granted.Sum(one => one.Calls) > 5 * Minute, "it gives away less than half of what there is");
    }

    [Fact]
    public async Task Many_at_once_get_no_more_than_one_would()
    {
        var budgets = Enumerable.Range(0, 8).Select(_ => Budget(perMinute: 1_200)).ToList();
        var begin = Now;

        var taken = await Task.WhenAll(budgets.Select(async budget =>
        {
            var sum = 0;
            for (var ask = 0; ask < 40; ask++) sum += (await budget.Take(3, CancellationToken.None)).Granted;
            return sum;
        }));

        var most = Burst + ((Now - begin).TotalSeconds * 20) + 1;
        Assert.InRange(taken.Sum(), Burst, most);
    }

    [Fact]
    public async Task When_Paddle_says_to_wait_all_wait_and_go_on_without_a_burst()
    {
        var (here, there, elsewhere) = (Budget(), Budget(), Budget(egress: "elsewhere"));
        await here.Blocked(TimeSpan.FromSeconds(40), CancellationToken.None);
        await here.Blocked(TimeSpan.FromSeconds(10), CancellationToken.None);

        var blocked = await there.Take(5, CancellationToken.None);
        Assert.Equal(0, blocked.Granted);
        Assert.InRange(blocked.AgainIn.TotalSeconds, 30, 40);
        Assert.Equal(5, (await elsewhere.Take(5, CancellationToken.None)).Granted);

        await Pass(TimeSpan.FromSeconds(40));
        var after = await there.Take(5, CancellationToken.None);
        Assert.InRange(after.Granted, 1, 2);
    }

    [Fact]
    public async Task Without_a_limit_only_what_Paddle_said_holds()
    {
        var budget = Budget(perMinute: 0);

        Assert.Equal(new Permits(5_000, TimeSpan.Zero), await budget.Take(5_000, CancellationToken.None));
        await budget.Blocked(TimeSpan.FromSeconds(60), CancellationToken.None);
        Assert.Equal(0, (await budget.Take(1, CancellationToken.None)).Granted);
    }

    [Fact]
    public async Task A_clock_that_is_put_back_stops_nobody_for_long()
    {
        await Ask(TimeSpan.FromMinutes(2), _ => 1_000, permits => permits.AgainIn + TimeSpan.FromSeconds(2));
        await Budget().Blocked(TimeSpan.FromMinutes(10), CancellationToken.None);
        await Pass(TimeSpan.FromHours(-5));

        var granted = await Ask(TimeSpan.FromMinutes(4), _ => 1_000, permits => permits.AgainIn + TimeSpan.FromSeconds(2));

        Within(granted);
        Assert.InRange(granted.Sum(one => one.Calls), 2 * Minute, 4 * Minute);
    }

    private CallBudget Budget(int perMinute = Minute, string egress = "here") =>
        new(database.Worker, Options.Create(new PaddleOptions { CallsPerMinute = perMinute, Burst = Burst, Egress = egress }));

    /// <summary>Asks again and again while time passes as fast as the test lets it.</summary>
    private async Task<List<(TimeSpan At, int Calls)>> Ask(TimeSpan during, Func<int, int> wanted, Func<Permits, TimeSpan> pause)
    {
        var budget = Budget();
        var granted = new List<(TimeSpan At, int Calls)>();
        var end = Now + during;
        for (var ask = 0; Now < end; ask++)
        {
            var permits = await budget.Take(wanted(ask), CancellationToken.None);
            if (permits.Granted > 0) granted.Add((Now, permits.Granted));
            await Pass(pause(permits));
        }
        return granted;
    }

    private async Task Pass(TimeSpan time)
    {
        var by = ((long)time.TotalMicroseconds).ToString(CultureInfo.InvariantCulture);
        await database.Ask($"""
            update rate_budget
              set full_again_at = full_again_at - {by} * interval '1 microsecond', blocked_until = blocked_until - {by} * interval '1 microsecond';
            update rate_call set at = at - {by} * interval '1 microsecond';
            """);
        passed += time;
    }

    private static void Within(List<(TimeSpan At, int Calls)> granted)
    {
        foreach (var (from, _) in granted)
        {
            var inMinute = granted.Where(one => one.At >= from && one.At < from + TimeSpan.FromSeconds(60)).Sum(one => one.Calls);
            Assert.True(inMinute <= Minute, $"{inMinute} calls in the minute from {from}");
        }
        Assert.All(granted, one => Assert.InRange(one.Calls, 1, Burst));
    }
}
