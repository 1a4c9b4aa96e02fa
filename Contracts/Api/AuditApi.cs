using System.Text.Json;

namespace Allocora.Contracts.Api;

/// <summary>One thing that somebody did, or tried to do.</summary>
/// <param name="Id">The log and the position in it, as <c>ledger:4711</c>.</param>
/// <param name="Who">Null when the caller was not known.</param>
/// <param name="Via">The session or the key, as <c>session:ses_…</c> or <c>key:key_…</c>.</param>
/// <param name="Action">The event's type, as it stands in the log.</param>
/// <param name="Target">The stream it stands in.</param>
/// <param name="Before">As stored, where the event says what was before.</param>
/// <param name="After">As stored: what is from now on, or all the event says.</param>
public sealed record AuditEntry(
    string Id, DateTimeOffset At, AuditActor? Who, string? Via, string Action, string Sentence, string Target, JsonElement? Before, JsonElement After,
    string? RequestId, string? Ip, string Log, long Sequence);

/// <param name="Name">Null when nobody of this id has signed in here.</param>
public sealed record AuditActor(string Id, string? Name);

/// <summary>One line of the export: the entry, and how the log's hash chain holds it.</summary>
/// <param name="Content">The hash of the event's data and headers, in hexadecimal; null when the log has no seal for it.</param>
/// <param name="Chain">Where the workspace's chain stands with this event.</param>
public sealed record AuditLine(AuditEntry Entry, string Log, long Sequence, string? Content, string? Chain);

/// <summary>The last line of the export. A file without it was cut short.</summary>
public sealed record AuditEnd(long Count, IReadOnlyList<LogHead> Heads);

/// <param name="Chain">In hexadecimal; null when the log holds nothing of the workspace, or did not answer.</param>
public sealed record LogHead(string Log, bool Answered, long Events, string? Chain);

/// <summary>What <c>POST W/audit/verify</c> answers: each log's hash chain, recomputed from its first event.</summary>
/// <param name="Ok">Whether all of them answered and are whole.</param>
public sealed record AuditVerification(bool Ok, IReadOnlyList<LogVerdict> Logs);

/// <param name="State"><c>whole</c>, <c>broken</c> or <c>no-answer</c>.</param>
/// <param name="FirstBad">The first position where the log is not what it was.</param>
public sealed record LogVerdict(string Log, string State, long Events, long? FirstBad, string? Chain);
