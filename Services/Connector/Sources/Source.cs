namespace Allocora.Connector;

/// <summary>A Paddle account a workspace has connected, as its row says.</summary>
/// <param name="Lacks">Permissions the key was found not to have, some of which a sync can do without.</param>
internal sealed record Source(
    string Workspace, string Id, string Name, string Environment, string? Account, SourceTerms Terms, int IntervalMinutes, string State, string? StoppedBecause,
    IReadOnlyList<string> Lacks, DateTimeOffset ConnectedAt, long Version)
{
    public bool IsActive => State == "active";

    public bool May(string permission) => !Lacks.Contains(permission);
}
