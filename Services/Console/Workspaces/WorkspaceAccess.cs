using System.Collections.Immutable;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <param name="Since">Which event of the workspace gave it: the same role, lost and given again, is another state.</param>
internal sealed record HeldRole(string Role, long Since);

internal enum InviteState
{
    Open,
    Used,
    Revoked,
}

internal sealed record KnownInvite(MemberInvited Terms, InviteState State);

internal sealed record KnownKey(ApiKeyGranted Terms, string? SecretHash, bool IsRevoked)
{
    public IReadOnlySet<string> Permissions { get; } = KeyRules.PermissionsOf(Terms.Role, Terms.Permissions);

    public bool IsLive(DateTimeOffset now) => !IsRevoked && now < Terms.ExpiresAt;
}

/// <summary>Who may do what in one workspace: just enough memory to judge what is asked next.</summary>
internal sealed record WorkspaceAccess
{
    public const string Stream = "workspace";

    public static readonly Decider<WorkspaceAccess, WorkspaceHappened> Decider = new(new(), Evolve);

    public WorkspaceSettings? Settings { get; private init; }

    public ImmutableDictionary<string, HeldRole> Members { get; private init; } = ImmutableDictionary<string, HeldRole>.Empty;

    public ImmutableDictionary<string, KnownInvite> Invites { get; private init; } = ImmutableDictionary<string, KnownInvite>.Empty;

    public ImmutableDictionary<string, KnownKey> Keys { get; private init; } = ImmutableDictionary<string, KnownKey>.Empty;

    /// <summary>What waits for another admin.</summary>
    public ImmutableDictionary<string, AccessRequested> Requests { get; private init; } = ImmutableDictionary<string, AccessRequested>.Empty;

    public ImmutableHashSet<string> Decided { get; private init; } = [];

    private long Version { get; init; }

    public int Admins => Members.Values.Count(m => m.Role == Roles.Admin);

    public string? RoleOf(string person) => Members.GetValueOrDefault(person)?.Role;

    public bool Allows(string person, string permission) => RoleOf(person) is { } role && PermissionTable.Of(role).Contains(permission);

    public static WorkspaceAccess Evolve(WorkspaceAccess state, WorkspaceHappened happened)
    {
        var next = state.Version + 1;
        return Apply(state, happened, next) with { Version = next };
    }

    private static WorkspaceAccess Apply(WorkspaceAccess state, WorkspaceHappened happened, long version) => happened switch
    {
        WorkspaceOpened e => state with { Settings = new(e.Name, e.Currency, e.TimeZone) },
        WorkspaceChanged e => state with { Settings = e.After },
        MemberInvited e => state with { Invites = state.Invites.SetItem(e.Invite, new(e, InviteState.Open)) },
        InviteRevoked e => state.WithInvite(e.Invite, InviteState.Revoked),
        MemberJoined e => state.WithInvite(e.Invite, InviteState.Used) with { Members = state.Members.SetItem(e.Person, new(e.Role, version)) },
        MemberRoleChanged e => state with { Members = state.Members.SetItem(e.Person, new(e.To, version)) },
        MemberRemoved e => state with { Members = state.Members.Remove(e.Person) },
        AccessRequested e => state with { Requests = state.Requests.SetItem(e.Approval, e) },
        AccessApproved e => state.WithDecided(e.Approval),
        AccessRejected e => state.WithDecided(e.Approval),
        AccessWithdrawn e => state.WithDecided(e.Approval),
        ApiKeyGranted e => state with { Keys = state.Keys.SetItem(e.Key, new(e, SecretHash: null, IsRevoked: false)) },
        ApiKeyCollected e => state.WithKey(e.Key, key => key with { SecretHash = e.SecretHash }),
        ApiKeyRotated e => state.WithKey(e.Key, key => key with { SecretHash = e.SecretHash }),
        ApiKeyRevoked e => state.WithKey(e.Key, key => key with { IsRevoked = true }),
        _ => throw new InvalidOperationException($"{happened.GetType().Name} has no place in the access to a workspace."),
    };

    private WorkspaceAccess WithInvite(string? invite, InviteState to) =>
        invite is null ? this : this with { Invites = Invites.SetItem(invite, Invites[invite] with { State = to }) };

    private WorkspaceAccess WithKey(string key, Func<KnownKey, KnownKey> change) => this with { Keys = Keys.SetItem(key, change(Keys[key])) };

    private WorkspaceAccess WithDecided(string approval) => this with { Requests = Requests.Remove(approval), Decided = Decided.Add(approval) };
}
