namespace Allocora.Contracts.Events;

/// <summary>A caller was turned away: a wrong credential, a missing permission, or something the caller may not know of.</summary>
/// <param name="Route">The endpoint's pattern; the address itself is the caller's to choose.</param>
/// <param name="Permission">What was asked for, where a permission was.</param>
public sealed record AccessRefused(int Status, string Method, string Route, string? Permission);

/// <summary>A key was used from an address for the first time within an hour.</summary>
public sealed record ApiKeyUsed(string Key, string? Ip);

/// <summary>A caller came more often than the limit allows; told once a minute.</summary>
/// <param name="Limit">Which one: address, caller, workspace or sign-in.</param>
public sealed record RateLimited(string Limit, string Method, string Route);

/// <summary>So many events of the door could not be kept: more came than could be written.</summary>
public sealed record DoorEventsDropped(long Count);
