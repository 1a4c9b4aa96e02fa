using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Allocora.Console;

/// <summary>The status page's twin for programs.</summary>
internal static class ReadStatus
{
    public static void MapReadStatus(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/api/v1/status", [HttpMethods.Get, HttpMethods.Head], Handle)
            .AllowSignedIn().WithMetadata(new WithoutDatabaseAttribute()).WithName(nameof(ReadStatus));

    // An empty list would read as "nothing is wrong" to whoever looks for a service that is not ready.
    private static Results<Ok<SystemStatus>, ProblemHttpResult> Handle(StatusWatcher watcher, HttpResponse response)
    {
        if (watcher.Latest is { } status) return TypedResults.Ok(status);
        response.Headers.RetryAfter = "1";
        return TypedResults.Problem("The services have not been asked yet.", statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
