namespace Allocora.Contracts.Api;

/// <param name="Slug">3 to 40 of a–z, 0–9 and -; it is part of addresses and stays as it is.</param>
/// <param name="Currency">As ISO 4217 has it.</param>
/// <param name="TimeZone">As IANA has it.</param>
/// <param name="IssueKey">The answer holds an API key of the role admin, for programs that go on from there.</param>
public sealed record OpenWorkspaceRequest(string Slug, string Name, string Currency, string TimeZone, bool IssueKey = false);

/// <summary>What is left out stays as it is.</summary>
public sealed record ChangeWorkspaceRequest(string? Name = null, string? Currency = null, string? TimeZone = null);

public sealed record WorkspaceDetails(string Id, string Slug, string Name, string Currency, string TimeZone, DateTimeOffset OpenedAt);

/// <param name="Key">Shown here and never again; null when none was asked for.</param>
public sealed record OpenedWorkspace(WorkspaceDetails Workspace, string? Key);

/// <param name="Via">The session or key of this request.</param>
/// <param name="Permissions">What the caller may do outside of any workspace.</param>
public sealed record Me(
    string Id, string? Name, string? Email, string Via, IReadOnlyList<WorkspaceOfMine> Workspaces, IReadOnlyList<string> Permissions);

public sealed record WorkspaceOfMine(string Id, string Slug, string Name, string Role, IReadOnlyList<string> Permissions);

/// <param name="Name">Null for somebody whose name is not kept any more.</param>
public sealed record MemberOfWorkspace(string Id, string? Name, string Role, DateTimeOffset Since);

public sealed record ChangeRoleRequest(string Role);

/// <param name="State"><c>done</c>, or <c>waiting</c> for another admin's approval.</param>
/// <param name="Approval">The request that waits; null when it is done.</param>
public sealed record AccessAnswer(string State, string? Approval);

/// <param name="ValidDays">7 unless told otherwise; at most 30.</param>
public sealed record InviteRequest(string Role, int? ValidDays = null);

/// <param name="State"><c>open</c>, or <c>waiting</c> for another admin's approval, before which the link does not work.</param>
/// <param name="Link">For who is invited; shown here and never again.</param>
public sealed record IssuedInvite(string Id, string Role, string State, DateTimeOffset ExpiresAt, string Link, string? Approval);

/// <param name="State"><c>open</c>, <c>used</c>, <c>revoked</c> or <c>expired</c>.</param>
public sealed record ListedInvite(string Id, string Role, string State, string InvitedBy, DateTimeOffset InvitedAt, DateTimeOffset ExpiresAt);

public sealed record AcceptInviteRequest(string Token);

public sealed record JoinedWorkspace(string Id, string Slug, string Name, string Role);

/// <param name="Permissions">Fewer than the role's; null for all of them.</param>
/// <param name="ExpiresAt">At most 365 days from now.</param>
/// <param name="Owner">The member who collects and answers for the key; null for the caller.</param>
public sealed record IssueKeyRequest(string Name, string Role, DateTimeOffset ExpiresAt, IReadOnlyList<string>? Permissions = null, string? Owner = null);

/// <param name="State"><c>active</c>, <c>uncollected</c> until its owner has collected it, or <c>waiting</c> for another admin's approval.</param>
/// <param name="Key">Shown here and never again; null when it is not for the caller, or not yet.</param>
public sealed record IssuedKey(string Id, string State, DateTimeOffset ExpiresAt, string? Key, string? Approval);

/// <param name="Key">Shown here and never again.</param>
public sealed record ShownKey(string Id, string Key);

/// <param name="Masked">The part of the key that is no secret.</param>
/// <param name="State"><c>active</c>, <c>uncollected</c>, <c>expired</c> or <c>revoked</c>.</param>
public sealed record ListedKey(
    string Id, string Name, string Masked, string Role, IReadOnlyList<string>? Permissions, string Owner, string State,
    DateTimeOffset GrantedAt, DateTimeOffset ExpiresAt, DateTimeOffset? LastUsedAt);

/// <param name="OverlapMinutes">How long the old secret stays good: 0 to 10080, a week.</param>
public sealed record RotateKeyRequest(int OverlapMinutes);

/// <param name="Kind"><c>role</c>, <c>invite</c>, <c>key</c> or <c>removal</c>.</param>
/// <param name="To">The role after; <c>none</c> for a removal.</param>
/// <param name="State"><c>open</c>, <c>approved</c>, <c>rejected</c> or <c>withdrawn</c>.</param>
/// <param name="ContentHash">What an approval has to name, so that it is for what was seen.</param>
public sealed record AccessRequest(
    string Id, string Kind, string Target, string? Beneficiary, string? From, string To, string? KeyName, string ContentHash, string State,
    string RequestedBy, DateTimeOffset RequestedAt, string? DecidedBy, DateTimeOffset? DecidedAt, string? Reason);

public sealed record ApproveAccessRequest(string ContentHash);

public sealed record RejectAccessRequest(string Reason);
