using System.Globalization;

namespace Allocora.PaddleSandbox.World;

/// <summary>Times are whole microseconds since 1970, and RFC 3339 on the wire.</summary>
internal static class Instants
{
    public const long Millisecond = 1_000, Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute, Day = 24 * Hour;

    public static long Of(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Time(long instant) => DateTimeOffset.UnixEpoch.AddTicks(checked(instant * TimeSpan.TicksPerMicrosecond));

    public static string Text(long instant) => string.Create(27, instant, static (to, instant) => Write(to, instant));

    /// <summary>Reads what the API takes: RFC 3339, with or without a zone, up to nine digits of a second, or a bare date.</summary>
    public static long? Parse(string? text)
    {
        if (text is null || text.Length < 10 || text[4] != '-' || text[7] != '-') return null;
        if (text.IndexOf('.') is > 0 and var dot)
        {
            var end = dot + 1;
            while (end < text.Length && char.IsAsciiDigit(text[end])) end++;
            if (end - dot is < 2 or > 10) return null;
            text = text[..Math.Min(end, dot + 8)] + text[end..];
        }
        const DateTimeStyles AsUtc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, Forms, CultureInfo.InvariantCulture, AsUtc, out var time) ? Of(time) : null;
    }

    private static readonly string[] Forms = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd"];

    private static void Write(Span<char> to, long instant) =>
        Time(instant).UtcDateTime.TryFormat(to, out _, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
}
