namespace Allocora.Console.Components.Pages;

/// <summary>The pages of a workspace beside its first, and who may see them.</summary>
internal static class WorkspacePages
{
    public static readonly IReadOnlyList<(string Page, string Words, string Permission)> All =
    [
        ("members", "Members", "workspace.read"), ("api-keys", "API keys", "workspace.read"), ("approvals", "Approvals", ApprovalRules.Approves),
        ("audit", "Audit", "audit.read"),
    ];
}
