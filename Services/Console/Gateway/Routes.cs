namespace Allocora.Console;

/// <summary>Which service owns what of a workspace. What is not here is nowhere, or is the Console's own.</summary>
internal static class Routes
{
    public const string Workspace = "/api/v1/workspaces/{ws}";

    /// <summary>Of two that fit, the one with more segments counts.</summary>
    public static readonly IReadOnlyList<(string Pattern, string Service)> All =
    [
        ("sources", "connector"),
        ("sync-runs", "connector"),
        ("skipped-rows", "connector"),
        ("facts", "ledger"),
        ("ledger", "ledger"),
        ("dead-letters", "ledger"),
        ("reconciliations", "ledger"),
        ("provider-products", "calculation"),
        ("products", "calculation"),
        ("product-mappings", "calculation"),
        ("payees", "calculation"),
        ("agreements", "calculation"),
        ("periods", "calculation"),
        ("runs", "calculation"),
        ("one-off-adjustments", "calculation"),
        ("fx-tables", "calculation"),
        ("restatements", "calculation"),
        ("payees/{id}/destination", "statements"),
        ("payees/{id}/account", "statements"),
        ("statements", "statements"),
        ("payout-batches", "statements"),
        ("rail-profiles", "statements"),
        ("journal-exports", "statements"),
        ("destinations", "statements"),
    ];
}
