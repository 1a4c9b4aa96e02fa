using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>Reports: ordered, listed, read, and their files downloaded.</summary>
internal static class ReportsApi
{
    private static readonly string[] Statuses = ["pending", "ready", "failed", "expired", "deleted"], Standard = ["pending", "ready"];

    public static void MapReports(this IEndpointRouteBuilder routes, Account account)
    {
        account.Payouts.Begin();
        var desk = new ReportDesk(account);
        var reports = new Listing(account.Reports, 50, 200, ["id"], [new("status", Takes.Many, Statuses, Standard) { Read = ReportDesk.Status }]);

        routes.Write("POST", "/reports", "report.write", account, (_, body, now) => desk.Order(body, now));
        routes.Read("/reports", "report.read", http => reports.Run(http, account, (report, _) =>
            report["status"] = ReportDesk.Status(account.Reports.Find((string)report["id"]!, account.Clock.Now)!.Value, account.Clock.Now)));
        routes.Read("/reports/{id}", "report.read", http =>
        {
            var now = account.CatchUp();
            return Answer.Ok(ReportDesk.Shown(account.Reports.Find(http.Id(), now) ?? throw Refused.Unknown("report", http.Id()), now));
        }, takes: []);
        routes.Read("/reports/{id}/download-url", "report.read", http => desk.Download(http, account.CatchUp()), takes: []);
        routes.MapGet(Link.Path, (Delegate)(IResult (HttpContext http) =>
        {
            var now = account.CatchUp();
            return new FileAnswer(account, desk.Ready(Link.Open(http.Request, account), now), now);
        })).WithMetadata(new Needs(null, KeyIsOptional: true));
    }
}
