using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;

namespace Allocora.Ledger;

/// <summary>When the days of a time zone begin.</summary>
internal static class Days
{
    // Where clocks are put back at midnight it comes twice; where they are put forward over it, or a whole day is left out, it never does.
    private static readonly ZoneLocalMappingResolver FirstMoment =
        Resolvers.CreateMappingResolver(Resolvers.ReturnEarlier, Resolvers.ReturnStartOfIntervalAfter);

    /// <summary>The zone IANA calls so.</summary>
    public static DateTimeZone ZoneOf(string name) => DateTimeZoneProviders.Tzdb[name];

    /// <summary>A day begins at its first moment, whatever the clocks show then.</summary>
    public static DateTimeOffset BeginningOf(LocalDate day, DateTimeZone zone) =>
        zone.ResolveLocal(day.AtMidnight(), FirstMoment).ToInstant().ToDateTimeOffset();

    /// <summary>Reads a day of the zone, which means its beginning, or a time with its offset; null when it is neither.</summary>
    public static DateTimeOffset? Read(string text, DateTimeZone zone)
    {
        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: { Year: > 1 and < 9999 } day }) return BeginningOf(day, zone);
        return OffsetDateTimePattern.ExtendedIso.Parse(text) is { Success: true, Value: { Year: > 1 and < 9999 } at }
            ? at.ToInstant().ToDateTimeOffset()
            : null;
    }
}
