namespace Allocora.Contracts.Events;

/// <param name="Person">Its id; names and addresses are not kept here, where they could never be erased.</param>
/// <param name="How"><c>link</c>, <c>invite</c> or <c>oidc</c>.</param>
public sealed record SignedIn(string Person, string Session, string How);

/// <param name="Reason">A code, such as <c>link-expired</c> or <c>denied</c>.</param>
public sealed record SignInRefused(string How, string Reason);

/// <param name="Session">The one that ended, or the one from which all of the person's were ended.</param>
public sealed record SignedOut(string Person, string Session, bool Everywhere);

/// <summary>The person showed again that it is them, as approvals ask.</summary>
/// <param name="How"><c>local</c> or <c>oidc</c>.</param>
public sealed record SessionConfirmed(string Person, string Session, string How);
