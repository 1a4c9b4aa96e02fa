using System.Security.Cryptography;
using System.Text;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>Who may be let into a workspace, moved in it and sent out of it, and by whom.</summary>
internal static class MemberRules
{
    public const string Write = "members.write";
    private const int MembersMax = 1000, OpenInvitesMax = 200;

    public static Decision<WorkspaceHappened> Change(WorkspaceAccess state, string by, WorkspaceSettings after)
    {
        if (!state.Allows(by, Write)) return Lacking(Write);
        return state.Settings == after ? Decision.Nothing<WorkspaceHappened>() : new WorkspaceChanged(state.Settings!, after);
    }

    public static Decision<WorkspaceHappened> Invite(
        WorkspaceAccess state, string by, string invite, string role, string secretHash, DateTimeOffset expiresAt, string approval, DateTimeOffset now)
    {
        if (!state.Allows(by, Write)) return Lacking(Write);
        if (state.Members.Count >= MembersMax) return new Refusal("too-many-members", $"A workspace has at most {MembersMax} members.");
        if (state.Invites.Values.Count(i => i.State == InviteState.Open && now < i.Terms.ExpiresAt) >= OpenInvitesMax)
            return new Refusal("too-many-invites", $"At most {OpenInvitesMax} invites are open at a time. Revoke one first.");
        return ApprovalRules.AskOrDo(state,
            new(approval, "invite", invite, Beneficiary: null, From: null, role, ContentHash: "", by, Invite: new(secretHash, expiresAt)));
    }

    public static Decision<WorkspaceHappened> RevokeInvite(WorkspaceAccess state, string by, string invite)
    {
        if (!state.Allows(by, Write)) return Lacking(Write);
        return state.Invites.GetValueOrDefault(invite)?.State switch
        {
            null => NotThere("invite"),
            InviteState.Open => new InviteRevoked(invite),
            InviteState.Revoked => Decision.Nothing<WorkspaceHappened>(),
            _ => new Refusal("invite-used", "Somebody has joined with this invite. Remove the member instead."),
        };
    }

    public static Decision<WorkspaceHappened> Join(WorkspaceAccess state, string person, string invite, string secretHash, DateTimeOffset now)
    {
        // Who does not know the secret learns nothing about the invite, not even that there is one.
        if (state.Invites.GetValueOrDefault(invite) is not { } known || !SameHash(known.Terms.SecretHash, secretHash)) return NotThere("invite");
        if (state.Members.ContainsKey(person)) return new Refusal("already-member", "You are a member of this workspace already.");
        if (known.State == InviteState.Used) return new Refusal("invite-used", "This invite has been used. Ask for another.");
        if (known.State == InviteState.Revoked) return new Refusal("invite-revoked", "This invite was taken back. Ask for another.");
        if (now >= known.Terms.ExpiresAt) return new Refusal("invite-expired", "This invite is too old. Ask for another.");
        // Given by the only admin, it must not outlive that there is nobody to ask.
        if (known.Terms.NobodyToAsk && ApprovalRules.IsNeededFor(known.Terms.Role) && state.Admins > 1)
            return new Refusal("approval-required", "Since this invite was made there is a second admin, who has to approve one like it. Ask for another.");
        if (person == known.Terms.By) return new Refusal("self-grant-forbidden", "Nobody can invite themselves.");
        return new MemberJoined(person, known.Terms.Role, invite);
    }

    public static Decision<WorkspaceHappened> ChangeRole(WorkspaceAccess state, string by, string person, string to, string approval)
    {
        if (person != by && !state.Allows(by, Write)) return Lacking(Write);
        if (state.RoleOf(person) is not { } from) return NotThere("member");
        if (from == to) return Decision.Nothing<WorkspaceHappened>();
        if (from == Roles.Admin && state.Admins == 1) return LastAdmin();
        var asked = new AccessRequested(approval, "role", person, person, from, to, ContentHash: "", by);
        if (person != by) return ApprovalRules.AskOrDo(state, asked);
        return PermissionTable.Of(to).IsProperSubsetOf(PermissionTable.Of(from))
            ? ApprovalRules.Effect(state, asked)
            : new Refusal("self-grant-forbidden", "Nobody gives themselves a role that allows more. Ask another admin.");
    }

    public static Decision<WorkspaceHappened> Remove(WorkspaceAccess state, string by, string person, string approval)
    {
        if (person != by && !state.Allows(by, Write)) return Lacking(Write);
        if (state.RoleOf(person) is not { } role) return NotThere("member");
        if (role == Roles.Admin && state.Admins == 1) return LastAdmin();
        var asked = new AccessRequested(approval, ApprovalRules.Removal, person, person, role, Roles.None, ContentHash: "", by);
        return person == by ? ApprovalRules.Effect(state, asked) : ApprovalRules.AskOrDo(state, asked);
    }

    public static WorkspaceHappened[] Removed(WorkspaceAccess state, string person, string role)
    {
        // Otherwise the keys would open again on the day their owner comes back.
        var keys = state.Keys.Values.Where(k => k.Terms.Owner == person && !k.IsRevoked).Select(k => new ApiKeyRevoked(k.Terms.Key));
        return [new MemberRemoved(person, role), .. InvitesOf(state, person), .. keys];
    }

    /// <summary>The open invites of somebody who is an admin no more: with one of them they could come back in.</summary>
    public static IEnumerable<WorkspaceHappened> InvitesOf(WorkspaceAccess state, string person) =>
        state.Invites.Values.Where(i => i.Terms.By == person && i.State == InviteState.Open).Select(i => new InviteRevoked(i.Terms.Invite));

    public static Refusal Lacking(string permission) => new("insufficient-scope", $"This needs the permission {permission}.");

    public static Refusal NotThere(string what) => new("not-found", $"There is no such {what} here.");

    public static bool SameHash(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(one), Encoding.ASCII.GetBytes(other));

    private static Refusal LastAdmin() => new("last-admin", "A workspace keeps at least one admin. Make somebody else an admin first.");
}
