using System.Globalization;

namespace Allocora.Console;

/// <summary>A day of the trail, as the address of its page has it.</summary>
internal static class AuditDays
{
    /// <returns>The day's first moment; null if it is no day.</returns>
    public static DateTimeOffset? Read(string? text) =>
        DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day) ? day : null;
}
