using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Control;

/// <summary>Report files that are replayed: the report's object is given like any other, and this is what its link leads to.</summary>
internal static class GivenFiles
{
    public static void MapGivenFiles(this IEndpointRouteBuilder control, Account account) =>
        control.MapPut("/reports/{id}/file", async (HttpContext http, string id) =>
        {
            _ = account.Reports.Existing("report", id, account.CatchUp());
            using var file = new MemoryStream();
            await http.Request.Body.CopyToAsync(file, http.RequestAborted);
            account.ReportFiles.Give(id, file.ToArray());
            return Results.Json(new { id, bytes = file.Length });
        });
}
