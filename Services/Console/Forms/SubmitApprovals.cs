using Allocora.Console.Components.Pages;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace Allocora.Console;

/// <summary>The forms of the page of approvals.</summary>
internal static class SubmitApprovals
{
    private const string Approvals = "approvals";

    public static void Map(IEndpointRouteBuilder workspace)
    {
        var forms = workspace.MapGroup($"/{Approvals}").WithMetadata(new FormOfPage(Approvals));
        forms.MapPost("/{id}/approve", Approve).RequirePermission(ApprovalRules.Approves, freshSession: true);
        forms.MapPost("/{id}/reject", Reject).RequirePermission(ApprovalRules.Approves);
        forms.MapPost("/{id}/withdraw", Withdraw).RequirePermission("workspace.read");
    }

    private static async Task<IResult> Approve(
        string id, [FromForm] string? contentHash, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        http.Back<ApprovalsPage>(
            await DecideAccess.ApproveRequest(http.Workspace(), Asking.Of(http), id, new ApproveAccessRequest(contentHash ?? ""), commands, ct), "approved");

    private static async Task<IResult> Reject(string id, [FromForm] string? reason, WorkspaceCommands commands, HttpContext http, CancellationToken ct)
    {
        var asked = new RejectAccessRequest(reason?.Trim() ?? "");
        if (DecideAccess.WhatIsWrong(asked) is { } wrong) return http.Again<ApprovalsPage>(wrong);
        return http.Back<ApprovalsPage>(await DecideAccess.RejectRequest(http.Workspace(), Asking.Of(http), id, asked, commands, ct), "rejected");
    }

    private static async Task<IResult> Withdraw(string id, WorkspaceCommands commands, HttpContext http, CancellationToken ct) =>
        http.Back<ApprovalsPage>(await DecideAccess.WithdrawRequest(http.Workspace(), Asking.Of(http), id, commands, ct), "withdrawn");
}
