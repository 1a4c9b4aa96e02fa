using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>All that is known of one object of Paddle's, of the Ledger's books and of the Connector's evidence.</summary>
internal static class ReadProviderObject
{
    private const int IdMax = 64;

    public static void MapReadProviderObject(this IEndpointRouteBuilder routes) =>
        routes.MapGet($"{Routes.Workspace}/provider-objects/{{id}}", Handle).RequirePermission("revenue.read").WithName(nameof(ReadProviderObject));

    private static async Task<IResult> Handle(string id, HttpContext http, AskService ask, CancellationToken ct)
    {
        if (id.Length > IdMax || !id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) return NotThere();
        var asking = (Ledger: ask.Get(http, "ledger", $"ledger/objects/{id}", ct), Connector: ask.Get(http, "connector", $"sources/objects/{id}", ct));
        var (ledger, connector) = (await asking.Ledger, await asking.Connector);
        string[] missing = [.. ledger.HasAnswered ? [] : new[] { "ledger" }, .. connector.HasAnswered ? [] : new[] { "connector" }];
        if (ledger.Body is not null || connector.Body is not null) return TypedResults.Ok(new ProviderObject(ledger.Body, connector.Body, missing));
        if (missing.Length == 0) return NotThere();
        http.Response.Headers.RetryAfter = "1";
        return Problems.Refuse(
            StatusCodes.Status503ServiceUnavailable, "upstream-unavailable",
            $"Who may know of it cannot be asked now: {string.Join(" and ", missing)}. Try again.");
    }

    private static ProblemHttpResult NotThere() =>
        Problems.Refuse(StatusCodes.Status404NotFound, "not-found", "No object of this id is known in this workspace.");
}
