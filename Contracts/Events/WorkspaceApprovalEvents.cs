namespace Allocora.Contracts.Events;

/// <summary>An admin asked for access, or for the end of another admin's, that one more has to approve.</summary>
/// <param name="Kind"><c>role</c>, <c>invite</c>, <c>key</c> or <c>removal</c>.</param>
/// <param name="Target">The person, the invite or the key it is about.</param>
/// <param name="Beneficiary">Whose access it is; null when that is not known yet, as with an invite.</param>
/// <param name="From">The role before; null when there is none.</param>
/// <param name="To">The role after; <c>none</c> for a removal.</param>
/// <param name="ContentHash">SHA-256 of what was asked and of the state it was asked in, in hexadecimal.</param>
/// <param name="Invite">The invite, if it is about one.</param>
/// <param name="Key">The key, if it is about one.</param>
public sealed record AccessRequested(
    string Approval, string Kind, string Target, string? Beneficiary, string? From, string To, string ContentHash, string By,
    InviteTerms? Invite = null, ApiKeyTerms? Key = null) : WorkspaceHappened;

public sealed record InviteTerms(string SecretHash, DateTimeOffset ExpiresAt);

public sealed record ApiKeyTerms(string Name, IReadOnlyList<string>? Permissions, DateTimeOffset ExpiresAt);

public sealed record AccessApproved(string Approval, string By) : WorkspaceHappened;

public sealed record AccessRejected(string Approval, string By, string Reason) : WorkspaceHappened;

public sealed record AccessWithdrawn(string Approval, string By) : WorkspaceHappened;
