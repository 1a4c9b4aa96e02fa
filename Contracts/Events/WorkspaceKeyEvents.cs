namespace Allocora.Contracts.Events;

/// <param name="Owner">The member whose doing is what is done with the key.</param>
/// <param name="Permissions">What of the role's the key may do; null for all of it.</param>
/// <param name="Approval">What another admin approved; null when nobody had to be asked.</param>
/// <param name="NobodyToAsk">The role needs the approval of another admin, and there was no other.</param>
public sealed record ApiKeyGranted(
    string Key, string Name, string Owner, string Role, IReadOnlyList<string>? Permissions, DateTimeOffset ExpiresAt,
    string? Approval = null, bool NobodyToAsk = false) : WorkspaceHappened;

/// <summary>The owner was shown the key, for the only time.</summary>
/// <param name="SecretHash">SHA-256 of the key's secret, in hexadecimal.</param>
public sealed record ApiKeyCollected(string Key, string SecretHash) : WorkspaceHappened;

/// <param name="OldGoodUntil">Until then the secret before this one is good, too.</param>
public sealed record ApiKeyRotated(string Key, string SecretHash, DateTimeOffset OldGoodUntil) : WorkspaceHappened;

public sealed record ApiKeyRevoked(string Key) : WorkspaceHappened;
