using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Payouts;

/// <summary>Calendar months in UTC, counted from the year 0.</summary>
internal static class Months
{
    public static int Of(long instant)
    {
        var time = Instants.Time(instant);
        return (time.Year * 12) + time.Month - 1;
    }

    public static long Start(int month) => Instants.Of(new DateTimeOffset(month / 12, (month % 12) + 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>2026-10 for example.</summary>
    public static string Text(int month) => $"{month / 12:0000}-{(month % 12) + 1:00}";
}
