namespace Allocora.Contracts.Api;

/// <summary>A message that could not be handled.</summary>
/// <param name="Id"><c>dlt_</c> and the number it has here, in at least 12 digits.</param>
/// <param name="Workspace">As the message names it; null where it names none.</param>
/// <param name="ReasonCode">For programs, such as <c>unreadable</c>.</param>
/// <param name="Error">The same in a sentence, without anything of what the message says.</param>
/// <param name="State">open, replaying, replayed or discarded.</param>
public sealed record DeadLetterEntry(
    string Id, string Consumer, string MessageId, string Type, string? Workspace, string ReasonCode, string Error, DateTimeOffset FirstSeen, int Attempts,
    string State);

/// <param name="BodyBytes">How long what it says is. That itself is not shown, only the hash to find it by at its sender.</param>
public sealed record DeadLetterDetail(
    DeadLetterEntry Letter, IReadOnlyDictionary<string, string> Headers, long BodyBytes, string BodySha256);

/// <param name="Reason">Why it need not be handled.</param>
public sealed record DiscardDeadLetterRequest(string Reason);
