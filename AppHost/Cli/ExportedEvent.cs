using System.Globalization;
using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;

namespace Allocora.Cli;

/// <summary>An event's line: what of it counts for the chain.</summary>
internal sealed record ExportedEvent(
    long Sequence, Guid Id, string Stream, long Version, string Type, DateTimeOffset At, byte[] RealContent, string? Content, string? Chain)
{
    /// <returns>Null when it has not exactly the members of an event, each in the one form that is written.</returns>
    public static ExportedEvent? Of(JsonElement line)
    {
        try
        {
            if (!line.EnumerateObject().Select(m => m.Name).SequenceEqual(LedgerExport.EventMembers)) return null;
            var headers = line.GetProperty("headers") is { ValueKind: not JsonValueKind.Null } some ? some.GetRawText() : null;
            var data = line.GetProperty("data").GetRawText();
            return new(
                line.GetProperty("sequence").GetInt64(), line.GetProperty("id").GetGuid(), Text(line, "stream")!, line.GetProperty("version").GetInt64(),
                Text(line, "type")!,
                DateTimeOffset.ParseExact(Text(line, "at")!, LedgerExport.TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
                CanonicalJson.Hash(data, headers, Text(line, "dotnetType"), Text(line, "correlation"), Text(line, "causation")),
                Text(line, "content"), Text(line, "chain"));
        }
        // From a line that says something else, or says it in a way that cannot be.
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException or JsonException or OverflowException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement line, string name)
    {
        var text = line.GetProperty(name).GetString();
        // A line break in a name would let two events have one leaf.
        return name is "stream" or "type" && (string.IsNullOrEmpty(text) || text.Contains('\n', StringComparison.Ordinal))
            ? throw new FormatException()
            : text;
    }
}
