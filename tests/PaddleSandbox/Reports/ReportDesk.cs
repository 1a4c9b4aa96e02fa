using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>Makes reports: takes the order, has it ready some seconds later, and lets it expire.</summary>
internal sealed class ReportDesk(Account account)
{
    private const long Kept = 14 * Instants.Day;

    public Answer Order(JsonObject body, long now)
    {
        if (body.FirstOrDefault(one => one.Key is not ("type" or "filters")) is { Key: { } unknown }) throw Refused.Invalid(unknown, "cannot be set");
        var type = ReportType.Find(body.Needed("type", ReportType.Names))!;
        var asked = Question.Read(type, body.Array("filters"));
        Allow(now);
        var question = asked.With(type.Missing(asked).Select(name => Asks.Since(name, now - (30 * Instants.Day))));
        var report = new JsonObject
        {
            ["id"] = account.NewId("rep", now),
            ["type"] = type.Name,
            ["rows"] = null,
            ["status"] = "pending",
            ["filters"] = (account.Choices.ReportDefaultFilters == "shown" ? question : asked).Json(),
            ["expires_at"] = null,
            ["created_at"] = Instants.Text(now),
            ["updated_at"] = Instants.Text(now),
        };
        account.Reports.Put(report);
        account.Tell("report.created", report, now);
        account.Agenda.Add(now + (Seconds(now) * Instants.Second), at => Finish((string)report["id"]!, type, question, at));
        return Answer.Created(report.DeepClone());
    }

    /// <summary>A report as it is at this time: one that is ready expires, though nobody writes that.</summary>
    public static string? Status(Row report, long now)
    {
        var status = report.Text("status", now);
        return status == "ready" && report.Stored is { IsVerbatim: false } && report.Time("expires_at", now) <= now ? "expired" : status;
    }

    public static JsonObject Shown(Row report, long now)
    {
        var shown = report.Render(now);
        shown["status"] = Status(report, now);
        return shown;
    }

    public Answer Download(HttpContext http, long now)
    {
        var report = Ready(http.Id(), now);
        var (url, expires) = Link.To(http.Request, account, report.Id, report.Text("type", now)!, report.Time("created_at", now) ?? now);
        http.Response.Headers.Expires = Instants.Time(expires).ToString("R");
        return Answer.Ok(new JsonObject { ["url"] = url });
    }

    /// <summary>The report with this id, refused unless it can be downloaded.</summary>
    public Row Ready(string id, long now)
    {
        var report = account.Reports.Find(id, now) ?? throw Refused.Unknown("report", id);
        var (code, detail) = Status(report, now) switch
        {
            "pending" => ("report_not_ready", "Report is still being generated"),
            "expired" => ("report_expired", "Report has expired"),
            "failed" => ("report_failed", "Report could not be generated"),
            _ when report.Text("rows", now) == "0" && account.Choices.ReportEmpty == "refuse" => ("report_empty", "Report has no rows"),
            _ => (null, null),
        };
        return code is null ? report : throw new Refused(400, code, detail!);
    }

    // One at a time, and so many in any 24 hours.
    private void Allow(long now)
    {
        var times = new List<long>();
        foreach (var report in account.Reports.Scan(now, ascending: true))
        {
            if (Status(report, now) == "pending")
                throw new Refused(400, "concurrent_report_generation_not_allowed", "Only one report can be generated at a time");
            if (report.Time("created_at", now) is { } at && at > now - Instants.Day) times.Add(at);
        }
        var perDay = int.Parse(account.Choices.ReportsPerDay, CultureInfo.InvariantCulture);
        if (times.Count < perDay) return;
        var again = times.Order().ElementAt(times.Count - perDay) + Instants.Day;
        throw new Refused(400, "report_creation_limit_exceeded", $"Report creation limit has been exceeded. Try again after {Instants.Text(again)}")
        {
            RetryAfter = (int)((again - now + Instants.Second - 1) / Instants.Second),
        };
    }

    private long Seconds(long now) => account.Options.ReportSeconds ?? 5 + Math.Min(10, account.Transactions.Size(now) / 2_000);

    private void Finish(string id, ReportType type, Question question, long at)
    {
        if (account.Reports.Find(id, at)?.Render(at) is not { } report || report.Word("status") != "pending") return;
        var view = new View(account, at - (account.Options.ReportLagMinutes * Instants.Minute));
        report["updated_at"] = Instants.Text(at);
        try
        {
            using (ChoicesOfThen.Are(view.Choices)) report["rows"] = type.Sheet(view, question).Count();
            report["status"] = "ready";
            report["expires_at"] = Instants.Text(at + Kept);
        }
        catch (Exception broken)
        {
            // One that cannot be made must not keep all others from being ordered.
            Console.Error.WriteLine($"{id}: {broken}");
            report["status"] = "failed";
        }
        account.Reports.Put(report);
        account.ReportFiles.Keep(id, view, question);
        account.Agenda.Add(at + Kept, _ => account.ReportFiles.Drop(id));
        account.Tell("report.updated", report, at);
    }
}
