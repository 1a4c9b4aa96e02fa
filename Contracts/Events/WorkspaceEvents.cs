namespace Allocora.Contracts.Events;

/// <summary>What may happen in the stream <c>workspace</c> of a workspace. Who did it stands in the headers of each event.</summary>
public abstract record WorkspaceHappened;

/// <param name="By">The person who opened it and is its first admin.</param>
public sealed record WorkspaceOpened(string Slug, string Name, string Currency, string TimeZone, string By) : WorkspaceHappened;

public sealed record WorkspaceChanged(WorkspaceSettings Before, WorkspaceSettings After) : WorkspaceHappened;

/// <param name="Currency">As ISO 4217 has it.</param>
/// <param name="TimeZone">As IANA has it.</param>
public sealed record WorkspaceSettings(string Name, string Currency, string TimeZone);

/// <summary>Told outside of any workspace, under a key that can be used once: so no two workspaces have the same slug.</summary>
public sealed record WorkspaceSlugTaken(string Slug, string Workspace);
