using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;

namespace Allocora.Connector;

/// <summary>A person decides whether rows count that a rule left out.</summary>
internal static class DecideSkipped
{
    private const int IdsMax = 1000, IdMax = 64, ReasonMax = 500;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/workspaces/{ws}/skipped-rows/decisions", Post).RequirePermission("rows.decide").WithName("DecideSkippedRows");

    private static async Task<IResult> Post(DecideSkippedRequest body, SkippedCommands commands, HttpContext http, CancellationToken ct)
    {
        FieldError[] wrong = [.. WhatIsWrong(body)];
        if (wrong.Length > 0) return Problems.Invalid(wrong);
        return await commands.Decide(http.Workspace(), AskedBy.Of(http), body, ct) is { } results
            ? TypedResults.Ok(new SkippedDecisions(results))
            : Problems.Refuse(StatusCodes.Status409Conflict, "already-done", "This was done before.");
    }

    private static IEnumerable<FieldError> WhatIsWrong(DecideSkippedRequest body)
    {
        if (body.Ids.Count is 0 or > IdsMax) yield return new("#/ids", $"Name 1 to {IdsMax} rows.");
        else if (body.Ids.Any(id => id is not { Length: > 0 and <= IdMax } || id.Contains('\0', StringComparison.Ordinal)))
            yield return new("#/ids", "Give the ids of rows as the list shows them.");
        if (body.Decision is not (SkippedRules.Exclude or SkippedRules.Include))
            yield return new("#/decision", $"Decide to {SkippedRules.Exclude} or to {SkippedRules.Include}.");
        if (body.Reason.Length > ReasonMax || string.IsNullOrWhiteSpace(body.Reason) || body.Reason.Any(c => char.IsControl(c) && c != '\n'))
            yield return new("#/reason", $"Say why, in 1 to {ReasonMax} characters.");
    }
}
