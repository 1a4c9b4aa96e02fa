using Allocora.Console.Components.Pages;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace Allocora.Console;

/// <summary>The forms of the page of members.</summary>
internal static class SubmitMembers
{
    private const string Members = "members";

    public static void Map(IEndpointRouteBuilder workspace)
    {
        var forms = workspace.MapGroup($"/{Members}").WithMetadata(new FormOfPage(Members));
        forms.MapPost("/{person}/role", ChangeRole).RequirePermission(MemberRules.Write, freshSession: true);
        forms.MapPost("/me/leave", Leave).AllowMembers();
        forms.MapPost("/{person}/remove", Remove).RequirePermission(MemberRules.Write);
        forms.MapPost("/invites", Invite).RequirePermission(MemberRules.Write);
        forms.MapPost("/invites/{id}/revoke", Revoke).RequirePermission(MemberRules.Write);
    }

    private static async Task<IResult> ChangeRole(
        string person, [FromForm] string? role, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (!PermissionTable.WorkspaceRoles.Contains(role)) return http.Again<MembersPage>(ManageMembers.NoRole());
        return http.Back<MembersPage>(await ManageMembers.ChangeRoleOf(http.Workspace(), Asking.Of(http), person, role!, commands, time, ct), "role");
    }

    private static async Task<IResult> Remove(string person, WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct) =>
        http.Back<MembersPage>(await ManageMembers.RemoveMember(http.Workspace(), Asking.Of(http), person, commands, time, ct), "removed");

    private static async Task<IResult> Leave(WorkspaceCommands commands, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var asking = Asking.Of(http);
        var told = await ManageMembers.RemoveMember(http.Workspace(), asking, asking.Person, commands, time, ct);
        if (told.Refusal is { } refusal) return http.Again<MembersPage>(refusal);
        http.SeeOther("/"); // the page they come from is theirs no more
        return TypedResults.Empty;
    }

    private static async Task<IResult> Invite(
        [FromForm] string? role, [FromForm] int? days, [FromForm] string? once, WorkspaceCommands commands, TimeProvider time, HttpContext http,
        CancellationToken ct)
    {
        var asked = new InviteRequest(role ?? "", days);
        if (InviteMembers.WhatIsWrong(asked) is { } wrong) return http.Again<MembersPage>(wrong);
        var (told, invite) = await InviteMembers.IssueInvite(asked, http.AskingOnce(once), commands, time, http, ct);
        if (told.Refusal is not null) return http.Back<MembersPage>(told, "done");
        if (told.IsAgain) return http.Again<MembersPage>(Told.DoneBefore);
        var until = $"Whoever opens it can join as {invite.Role}, once, until {StatusWords.Absolute(invite.ExpiresAt)} UTC.";
        var sentence = told.Waiting is null ? until : $"Another admin has to approve it first; before that the link does not work. {until}";
        return http.Once("The invitation", $"Give this link to the person you invite. {sentence}", "Invitation link", invite.Link);
    }

    private static async Task<IResult> Revoke(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        http.Back<MembersPage>(await InviteMembers.RevokeInvite(http.Workspace(), Asking.Of(http), id, commands, ct), "revoked");
}
