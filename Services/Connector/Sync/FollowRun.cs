using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Connector;

/// <summary>Tells how a run goes for as long as it goes: each event is the whole state, so one that is missed costs nothing.</summary>
internal static class FollowRun
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    public static void MapFollowRun(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/workspaces/{ws}/sync-runs/{run}/events", Handle).RequirePermission("workspace.read").WithName(nameof(FollowRun));

    private static async Task<IResult> Handle(
        string run, HttpContext http, [FromKeyedServices("connector")] NpgsqlDataSource database, TimeProvider time, CancellationToken ct)
    {
        var workspace = http.Workspace();
        if (await ReadRuns.One(database, workspace, run, ct) is null) return ReadRuns.NotThere();
        var heard = http.Request.Headers["Last-Event-ID"].ToString();
        return TypedResults.ServerSentEvents(Tell(database, workspace, run, heard, time, ct));
    }

    private static async IAsyncEnumerable<SseItem<SyncRunDetails>> Tell(
        NpgsqlDataSource database, string workspace, string run, string heard, TimeProvider time, [EnumeratorCancellation] CancellationToken ct)
    {
        string state = "";
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await ReadRuns.One(database, workspace, run, ct) is { } now)
        {
            // The same state of things has the same id, so who comes back is told only what it has not heard.
            var id = $"{now.State}-{now.Stage}-{now.Pages}-{now.Rows}-{now.ResumeAt?.ToUnixTimeMilliseconds()}";
            if (id != heard) yield return new(now, now.State == state ? "progress" : "state") { EventId = id };
            (heard, state) = (id, now.State);
            if (now.State is "succeeded" or "failed" or "cancelled") yield break;
            await timer.WaitForNextTickAsync(ct);
        }
    }
}
