namespace Allocora.Contracts.Events;

/// <summary>What may happen in the stream of a source, <c>source-src_…</c>. Who did it stands in the headers of each event.</summary>
public abstract record SourceHappened;

public sealed record SyncRequested(string Source, string Run, string Mode) : SourceHappened;

public sealed record SyncCancelled(string Source, string Run) : SourceHappened;
