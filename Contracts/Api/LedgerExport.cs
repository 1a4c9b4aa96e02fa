namespace Allocora.Contracts.Api;

/// <summary>
/// The file of a workspace's log: a JSON document a line. First an <see cref="ExportBegin"/>, then the events in their order, then the
/// signed heads of those positions, each a <see cref="LedgerCheckpoint"/> as <c>{"head":…}</c>, and last an <see cref="ExportEnd"/> as
/// <c>{"end":…}</c>: a file without it was cut short.
/// </summary>
public static class LedgerExport
{
    public const string Format = "allocora ledger export";
    public const int Version = 1;

    /// <summary>What stands for the service in the statement that the end of a file is signed with: no head of a log can be taken for one.</summary>
    public const string SignedWhole = "ledger export", SignedPart = "ledger export of a part";

    /// <summary>How a line gives a time: to the microsecond, as it went into the hash.</summary>
    public const string TimeForm = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    /// <summary>The members of an event's line, in their order: all its hashes are made of, and the hashes.</summary>
    public static readonly IReadOnlyList<string> EventMembers =
    [
        "sequence", "id", "stream", "version", "type", "dotnetType", "at", "data", "headers", "correlation", "causation", "content", "chain",
    ];
}

/// <param name="After">The position it begins after; 0 for the beginning of the log.</param>
/// <param name="To">The position it was asked to end at; null for the end of the log.</param>
/// <param name="EventsBefore">How many events of the workspace come before.</param>
/// <param name="ChainBefore">What the first event is bound to.</param>
/// <param name="Key">What the end, and the heads of this key, were signed with.</param>
public sealed record ExportBegin(
    string Format, int Version, string Service, string Workspace, long After, long? To, long EventsBefore, string ChainBefore, DateTimeOffset At,
    LedgerKey Key);

/// <param name="Sequence">The last position.</param>
/// <param name="Events">How many events the workspace has up to there, those before the file included.</param>
/// <param name="Count">How many are in the file.</param>
/// <param name="Signature">As that of a head, with <see cref="LedgerExport.SignedWhole"/> or <see cref="LedgerExport.SignedPart"/> for the service.</param>
public sealed record ExportEnd(long Sequence, long Events, string Chain, DateTimeOffset At, long Count, string KeyId, string Signature);
