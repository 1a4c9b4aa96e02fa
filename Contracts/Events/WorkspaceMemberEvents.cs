namespace Allocora.Contracts.Events;

/// <param name="By">Who asked for the invite; it ends when they are no admin any more.</param>
/// <param name="SecretHash">SHA-256 of what the link holds beside the invite's id, in hexadecimal.</param>
/// <param name="Approval">What another admin approved; null when nobody had to be asked.</param>
/// <param name="NobodyToAsk">The role needs the approval of another admin, and there was no other.</param>
public sealed record MemberInvited(
    string Invite, string Role, string By, string SecretHash, DateTimeOffset ExpiresAt, string? Approval = null, bool NobodyToAsk = false)
    : WorkspaceHappened;

public sealed record InviteRevoked(string Invite) : WorkspaceHappened;

/// <param name="Invite">Null for who opened the workspace, and for the people of the demo.</param>
public sealed record MemberJoined(string Person, string Role, string? Invite) : WorkspaceHappened;

/// <param name="Approval">What another admin approved; null when nobody had to be asked.</param>
/// <param name="NobodyToAsk">The role needs the approval of another admin, and there was no other.</param>
public sealed record MemberRoleChanged(string Person, string From, string To, string? Approval = null, bool NobodyToAsk = false) : WorkspaceHappened;

public sealed record MemberRemoved(string Person, string Role) : WorkspaceHappened;
