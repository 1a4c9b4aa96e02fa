using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>Who gets a key to a workspace. A key never opens more than its owner may, nor more than what it was asked with.</summary>
internal static class KeyRules
{
    public const string Write = "keys.write";
    public static readonly TimeSpan LifetimeMax = TimeSpan.FromDays(365), OverlapMax = TimeSpan.FromMinutes(10080);
    private const int LiveKeysMax = 200;

    public static IReadOnlySet<string> PermissionsOf(string role, IReadOnlyList<string>? narrowed) =>
        narrowed is null ? PermissionTable.Of(role) : PermissionTable.Of(role).Intersect(narrowed).ToHashSet();

    /// <param name="held">What the caller came with may do: anything for a session, less for a key.</param>
    /// <param name="secretHash">Of the secret the owner is shown, if that is the caller and nobody has to be asked.</param>
    public static Decision<WorkspaceHappened> Grant(
        WorkspaceAccess state, string by, IReadOnlySet<string> held, ApiKeyGranted asked, string secretHash, string approval, DateTimeOffset now)
    {
        if (!state.Allows(by, Write)) return MemberRules.Lacking(Write);
        if (state.RoleOf(asked.Owner) is not { } ownerRole) return new Refusal("owner-not-member", "The owner of a key has to be a member of the workspace.");
        if (!PermissionTable.Of(asked.Role).IsSubsetOf(PermissionTable.Of(ownerRole)))
            return new Refusal("role-exceeds-owner", $"Its owner is {ownerRole}, which does not include {asked.Role}.");
        if (now >= asked.ExpiresAt || asked.ExpiresAt > now + LifetimeMax)
            return new Refusal("expiry-out-of-range", $"A key expires within {LifetimeMax.TotalDays:0} days.");
        var permissions = PermissionsOf(asked.Role, asked.Permissions);
        if (by == asked.Owner && !permissions.IsSubsetOf(held)) return MoreThanHeld();
        if (state.Keys.Values.Count(k => k.IsLive(now)) >= LiveKeysMax)
            return new Refusal("too-many-keys", $"A workspace has at most {LiveKeysMax} keys. Revoke one first.");

        var decision = ApprovalRules.AskOrDo(state, new(
            approval, "key", asked.Key, asked.Owner, From: null, asked.Role, ContentHash: "", by, Key: new(asked.Name, asked.Permissions, asked.ExpiresAt)));
        return by == asked.Owner && decision.Events is [ApiKeyGranted granted]
            ? (WorkspaceHappened[])[granted, new ApiKeyCollected(asked.Key, secretHash)]
            : decision;
    }

    public static Decision<WorkspaceHappened> Collect(
        WorkspaceAccess state, string by, IReadOnlySet<string> held, string key, string secretHash, DateTimeOffset now)
    {
        if (WhyNotTheirs(state, by, held, key, now) is { } refusal) return refusal;
        return state.Keys[key].SecretHash is null
            ? new ApiKeyCollected(key, secretHash)
            : new Refusal("already-collected", "This key has been shown once. Rotate it to get a new secret.");
    }

    public static Decision<WorkspaceHappened> Rotate(
        WorkspaceAccess state, string by, IReadOnlySet<string> held, string key, string secretHash, TimeSpan overlap, DateTimeOffset now)
    {
        if (WhyNotTheirs(state, by, held, key, now) is { } refusal) return refusal;
        return state.Keys[key].SecretHash is null
            ? new Refusal("not-collected", "This key has no secret yet. Collect it first.")
            : new ApiKeyRotated(key, secretHash, now + overlap);
    }

    public static Decision<WorkspaceHappened> Revoke(WorkspaceAccess state, string by, IReadOnlySet<string> held, string key)
    {
        if (state.Keys.GetValueOrDefault(key) is not { } known) return MemberRules.NotThere("key");
        var mayAny = state.Allows(by, Write) && held.Contains(Write);
        if (!mayAny && known.Terms.Owner != by) return MemberRules.NotThere("key");
        if (!mayAny && !known.Permissions.IsSubsetOf(held)) return MoreThanHeld();
        return known.IsRevoked ? Decision.Nothing<WorkspaceHappened>() : new ApiKeyRevoked(key);
    }

    // With a key that may little, nobody gets the secret of one that may more, although both have the same owner.
    private static Refusal? WhyNotTheirs(WorkspaceAccess state, string by, IReadOnlySet<string> held, string key, DateTimeOffset now)
    {
        if (state.Keys.GetValueOrDefault(key) is not { } known || known.Terms.Owner != by) return MemberRules.NotThere("key");
        if (known.IsRevoked) return new("key-revoked", "This key has been revoked.");
        if (!known.IsLive(now)) return new("key-expired", "This key has expired. Ask for another.");
        return known.Permissions.IsSubsetOf(held) ? null : MoreThanHeld();
    }

    private static Refusal MoreThanHeld() =>
        new("insufficient-scope", "The key may more than what you came with. Use one that may as much, or sign in.");
}
