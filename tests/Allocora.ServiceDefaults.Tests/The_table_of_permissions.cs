namespace Allocora.ServiceDefaults.Tests;

public sealed class The_table_of_permissions
{
    [Fact]
    public void Knows_the_roles_and_nothing_of_anybody_else()
    {
        Assert.Equal(["viewer", "operator", "preparer", "approver", "admin", "auditor", "payee"], PermissionTable.WorkspaceRoles);
        Assert.Empty(PermissionTable.Of("owner"));
    }

    [Theory]
    [InlineData("viewer", "revenue.read workspace.read")]
    [InlineData("operator", "dead-letters.replay mapping.write reconciliation.run revenue.read sync.run workspace.read")]
    [InlineData("approver", "revenue.read runs.approve workspace.read")]
    [InlineData("admin", "access.approve destinations.write keys.write members.write revenue.read sources.write workspace.read")]
    [InlineData("auditor", "audit.read ledger.verify revenue.read workspace.read")]
    [InlineData("payee", "statements.own")]
    [InlineData("webhook", "webhook.deliver")]
    public void Says_what_a_role_may_do(string role, string permissions) =>
        Assert.Equal(permissions, string.Join(' ', PermissionTable.Of(role).Order(StringComparer.Ordinal)));

    [Fact]
    public void Nobody_may_both_prepare_and_approve()
    {
        string[] prepares = ["rows.decide", "agreements.draft", "runs.prepare", "mapping.write", "sync.run"];

        foreach (var role in PermissionTable.WorkspaceRoles.Where(r => PermissionTable.Of(r).Contains("runs.approve")))
            Assert.Empty(PermissionTable.Of(role).Intersect([.. prepares, "members.write", "keys.write", "destinations.write"]));
        foreach (var role in PermissionTable.WorkspaceRoles.Where(r => PermissionTable.Of(r).Contains("members.write")))
            Assert.Empty(PermissionTable.Of(role).Intersect([.. prepares, "runs.approve"]));
    }

    [Fact]
    public void No_role_of_a_workspace_reaches_beyond_it()
    {
        var beyond = PermissionTable.Of(Roles.Platform).Concat(PermissionTable.Of(Roles.Webhook)).ToList();

        Assert.NotEmpty(beyond);
        foreach (var role in PermissionTable.WorkspaceRoles) Assert.Empty(PermissionTable.Of(role).Intersect(beyond));
    }
}
