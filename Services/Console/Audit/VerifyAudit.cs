using System.Collections.Concurrent;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>Recomputes the hash chain of a workspace in every log.</summary>
internal sealed class VerifyAudit(ServiceLogs logs)
{
    // It reads whole logs: one at a time for each workspace.
    private readonly ConcurrentDictionary<string, bool> running = new();

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/workspaces/{ws}/audit/verify", (HttpContext http, VerifyAudit verify, CancellationToken ct) =>
            verify.Handle(http.Workspace(), ct)).RequirePermission("ledger.verify").WithName(nameof(VerifyAudit));

    private async Task<Results<Ok<AuditVerification>, ProblemHttpResult>> Handle(string workspace, CancellationToken ct)
    {
        if (!running.TryAdd(workspace, true)) return Problems.Refuse(409, "verification-running", "The logs are being verified already.");
        try
        {
            var verdicts = new List<LogVerdict>();
            foreach (var log in AuditTrail.Logs) verdicts.Add(await Verdict(log, workspace, ct));
            return TypedResults.Ok(new AuditVerification(verdicts.TrueForAll(v => v.State == "whole"), verdicts));
        }
        finally
        {
            running.TryRemove(workspace, out _);
        }
    }

    private async Task<LogVerdict> Verdict(string log, string workspace, CancellationToken ct)
    {
        try
        {
            var seen = await logs.Verify(log, workspace, ct);
            return new(log, seen.Ok ? "whole" : "broken", seen.Events, seen.FirstBad, Convert.ToHexStringLower(seen.Chain));
        }
        catch (Exception e) when (ServiceLogs.IsAway(e) && !ct.IsCancellationRequested)
        {
            return new(log, "no-answer", 0, null, null);
        }
    }
}
