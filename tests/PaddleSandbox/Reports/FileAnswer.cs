using System.IO.Pipelines;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>The file of a report, as it goes over the wire.</summary>
internal sealed record FileAnswer(Account Account, Row Report, long Now) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "text/csv; charset=utf-8";
        response.Headers.ContentDisposition = $"attachment; filename=\"{httpContext.Request.RouteValues["file"]}\"";
        if (Account.ReportFiles.Given(Report.Id) is { } given) await response.Body.WriteAsync(given, httpContext.RequestAborted);
        else await Make(response.BodyWriter, httpContext.RequestAborted);
    }

    // A report that was given as it is, without a file, is made of what there is now.
    private async Task Make(PipeWriter to, CancellationToken ct)
    {
        var type = ReportType.Find(Report.Text("type", Now)) ?? throw new Refused(400, "report_failed", "Report could not be generated");
        var (view, question) = Account.ReportFiles.View(Report.Id) ?? (new View(Account, Now), Question.Of(type, Report.Render(Now)));
        using (ChoicesOfThen.Are(view.Choices)) await new CsvFile(to, view.Choices).Write(type.Sheet(view, question), ct);
    }
}
