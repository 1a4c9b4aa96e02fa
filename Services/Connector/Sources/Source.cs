namespace Allocora.Connector;

/// <summary>A Paddle account a workspace has connected, as its row says.</summary>
/// <param name="Lacks">Permissions the key was found not to have, some of which a sync can do without.</param>
internal sealed record Source(
    string Workspace, string Id, string Name, string Environment, string? Account, SourceTerms Terms, int IntervalMinutes, string State, string? StoppedBecause,
    IReadOnlyList<string> Lacks, DateTimeOffset ConnectedAt, long Version)
{
    public bool IsActive => State == "active";

    /// <summary>How its objects are read, beyond what each of them is.</summary>
    public string Reading => string.Join(' ', [.. Included.Select(what => $"+{what}"), .. Terms.CustomDataKeys.Order(StringComparer.Ordinal)]);

    /// <summary>What is asked for beside each transaction: country and discount code are not known without.</summary>
    public IEnumerable<string> Included => Includes.Where(what => May($"{what}.read"));

    private static readonly string[] Includes = ["address", "discount"];

    public bool May(string permission) => !Lacks.Contains(permission);
}
