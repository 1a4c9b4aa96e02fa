using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Allocora.Console;

/// <summary>Where the next page of the trail begins, bound to the workspace and the filters it was made with.</summary>
internal static class AuditCursor
{
    private const int BindingSize = 8;

    public static string Of(AuditPosition last, string workspace, AuditFilter filter)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $"{last.At.UtcTicks}|{last.Log}|{last.Sequence}");
        return Base64Url.EncodeToString([.. Binding(workspace, filter), .. Encoding.UTF8.GetBytes(place)]);
    }

    /// <returns>Null when it was made for something else, or by somebody else.</returns>
    public static AuditPosition? Open(string cursor, string workspace, AuditFilter filter)
    {
        if (!Base64Url.IsValid(cursor)) return null;
        var bytes = Base64Url.DecodeFromChars(cursor);
        if (bytes.Length < BindingSize || !bytes.AsSpan(0, BindingSize).SequenceEqual(Binding(workspace, filter))) return null;
        return Encoding.UTF8.GetString(bytes.AsSpan(BindingSize)).Split('|') is [var at, var log, var sequence]
            && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
            && long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var place)
            ? new(new DateTimeOffset(ticks, TimeSpan.Zero), log, place)
            : null;
    }

    // Of the record's JSON, in which no value can be taken for two.
    private static ReadOnlySpan<byte> Binding(string workspace, AuditFilter filter) =>
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { workspace, filter })).AsSpan(0, BindingSize);
}
