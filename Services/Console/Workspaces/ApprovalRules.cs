using System.Security.Cryptography;
using System.Text.Json;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What one admin asks for and another approves. The person counts, not the session or the key they come with.</summary>
internal static class ApprovalRules
{
    public const string Approves = "access.approve", Removal = "removal";
    private const int RequestsMax = 200;
    private const string ForSelf = "self-approval-forbidden";

    public static bool IsNeededFor(string role) => role is Roles.Admin or Roles.Approver;

    /// <summary>
    /// Asks another admin if it gives one of those roles, or takes the role admin away; does it at once otherwise, or when there is no
    /// other to ask.
    /// </summary>
    public static Decision<WorkspaceHappened> AskOrDo(WorkspaceAccess state, AccessRequested asked)
    {
        var takesAdmin = asked.From == Roles.Admin;
        if (!takesAdmin && !IsNeededFor(asked.To)) return Effect(state, asked);
        // Whoever could send the only other admin away would be the only one, with nobody to ask for anything.
        if (takesAdmin && state.Admins < 3) return new Refusal("no-third-admin",
            "A third admin has to approve this, and there is none. The admin can leave or step down by themself, or a third admin is made first.");
        if (state.Admins == 1) return Effect(state, asked, approval: null, nobodyToAsk: true);
        if (state.Requests.Count >= RequestsMax)
            return new Refusal("too-many-requests-open", $"At most {RequestsMax} requests wait for an answer at a time. Decide or withdraw one first.");
        return asked with { ContentHash = HashOf(state, asked) };
    }

    public static Decision<WorkspaceHappened> Approve(WorkspaceAccess state, string by, string approval, string contentHash, DateTimeOffset now)
    {
        if (state.Requests.GetValueOrDefault(approval) is not { } asked) return Over(state, approval);
        if (by == asked.By) return new Refusal(ForSelf, "You asked for this. Another admin has to approve it.");
        if (by == asked.Beneficiary) return new Refusal(ForSelf, "This is about your own access. Another admin has to approve it.");
        if (!state.Allows(by, Approves)) return MemberRules.Lacking(Approves);
        if (asked.ContentHash != contentHash || HashOf(state, asked) != contentHash || now >= (asked.Invite?.ExpiresAt ?? asked.Key?.ExpiresAt))
            return new Refusal("approval-stale", "What was asked for, or the access it is about, has changed since. Look again, or have it asked anew.");
        return (WorkspaceHappened[])[new AccessApproved(approval, by), .. Effect(state, asked, approval)];
    }

    public static Decision<WorkspaceHappened> Reject(WorkspaceAccess state, string by, string approval, string reason)
    {
        if (state.Requests.GetValueOrDefault(approval) is not { } asked) return Over(state, approval);
        if (by == asked.By) return new Refusal(ForSelf, "You asked for this. Withdraw it instead.");
        // With a no of their own, an admin whom two others want gone would stay forever.
        if (by == asked.Beneficiary && asked.From == Roles.Admin) return new Refusal(ForSelf, "This is about your own access. Another admin decides it.");
        return state.Allows(by, Approves) ? new AccessRejected(approval, by, reason) : MemberRules.Lacking(Approves);
    }

    public static Decision<WorkspaceHappened> Withdraw(WorkspaceAccess state, string by, string approval)
    {
        if (state.Requests.GetValueOrDefault(approval) is not { } asked) return Over(state, approval);
        return by == asked.By ? new AccessWithdrawn(approval, by) : new Refusal("not-requester", "Only who asked for it can withdraw it.");
    }

    private static Refusal Over(WorkspaceAccess state, string approval) => state.Decided.Contains(approval)
        ? new("already-decided", "This request has been decided or withdrawn.")
        : MemberRules.NotThere("request");

    /// <summary>What happens when nobody has to be asked, or has approved.</summary>
    public static WorkspaceHappened[] Effect(WorkspaceAccess state, AccessRequested asked, string? approval = null, bool nobodyToAsk = false) => asked switch
    {
        { Kind: Removal } => MemberRules.Removed(state, asked.Target, asked.From!),
        { Invite: { } terms } => [new MemberInvited(asked.Target, asked.To, asked.By, terms.SecretHash, terms.ExpiresAt, approval, nobodyToAsk)],
        { Key: { } terms } =>
            [new ApiKeyGranted(asked.Target, terms.Name, asked.Beneficiary!, asked.To, terms.Permissions, terms.ExpiresAt, approval, nobodyToAsk)],
        _ =>
        [
            new MemberRoleChanged(asked.Target, asked.From!, asked.To, approval, nobodyToAsk),
            .. asked.From == Roles.Admin ? MemberRules.InvitesOf(state, asked.Target) : [],
        ],
    };

    // JSON, because in it no two different requests are written the same.
    private static string HashOf(WorkspaceAccess state, AccessRequested asked)
    {
        var seen = new
        {
            asked.Approval,
            asked.Kind,
            asked.Target,
            asked.Beneficiary,
            asked.From,
            asked.To,
            asked.By,
            asked.Invite,
            asked.Key,
            Then = asked.Beneficiary is null ? null : state.Members.GetValueOrDefault(asked.Beneficiary),
            Asking = state.Members.GetValueOrDefault(asked.By),
        };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(seen)));
    }
}
