using System.Globalization;

namespace Allocora.Ledger;

/// <summary>When the days of a time zone begin.</summary>
internal static class Days
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(15);

    /// <summary>A day begins at its first moment: where clocks are put forward at midnight, that is later; where back, the first of the two.</summary>
    public static DateTimeOffset BeginningOf(DateOnly day, TimeZoneInfo zone)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local)) local += Step;
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }

    /// <summary>Reads a day of the zone, which means its beginning, or a time with its offset; null when it is neither.</summary>
    public static DateTimeOffset? Read(string text, TimeZoneInfo zone)
    {
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is > 1 and < 9999)
            return BeginningOf(day, zone);
        return text.Contains('T', StringComparison.Ordinal) && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > text.IndexOf('T', StringComparison.Ordinal))
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) ? at.ToUniversalTime() : null;
    }
}
