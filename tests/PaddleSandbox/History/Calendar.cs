using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>When things are sold: more from year to year, more on weekdays, more by day than by night.</summary>
internal sealed class Calendar
{
    private static readonly int[] Hours = [20, 15, 12, 10, 10, 14, 22, 34, 46, 55, 60, 62, 60, 64, 70, 72, 70, 66, 62, 58, 52, 44, 36, 27];

    private readonly int[] targets;

    public Calendar(Dice dice, long until, int months, int count)
    {
        (Until, Start) = (until, Instants.Of(Instants.Time(until).AddMonths(-months)));
        var weights = new long[(int)((until - Start) / Instants.Day)];
        long sum = 0;
        for (var day = 0; day < weights.Length; day++) weights[day] = sum += Weight(dice, day, weights.Length);
        targets = [.. weights.Select(weight => (int)((Int128)weight * count / sum))];
    }

    public long Start { get; }

    public long Until { get; }

    public int Days => targets.Length;

    /// <summary>How many there are in all by the end of the day.</summary>
    public int Target(int day) => targets[day];

    public int Day(long at) => (int)((at - Start) / Instants.Day);

    public long Time(int day, Dice dice) => Start + (day * Instants.Day) + (dice.Weighted(Hours, 0) * Instants.Hour) + dice.Between(0, Instants.Hour - 1, 1);

    private long Weight(Dice dice, int day, int days)
    {
        var growth = 1_000 + (1_200 * (long)day / days);
        var weekday = Instants.Time(Start + (day * Instants.Day)).DayOfWeek switch
        {
            DayOfWeek.Saturday => 62,
            DayOfWeek.Sunday => 55,
            _ => 100,
        };
        return growth * weekday * dice.Between(85, 115, day);
    }
}
