namespace Allocora.Contracts.Api;

/// <summary>Where a workspace's log stands.</summary>
/// <param name="Sequence">Of its last event; 0 when there is none.</param>
/// <param name="Chain">Binds that event to all before it; null when there is none.</param>
/// <param name="Checkpoint">The last signed head.</param>
public sealed record LedgerHead(long Sequence, long Events, string? Chain, LedgerCheckpoint? Checkpoint);

public sealed record LedgerCheckpoint(long Sequence, long Events, string Chain, DateTimeOffset At, string KeyId, string Signature);
