using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What belongs to no workspace and yet to a service. Whoever looks after the installation gets there.</summary>
internal static class ForwardPlatform
{
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post];

    public static void MapForwardPlatform(this IEndpointRouteBuilder routes) =>
        routes.MapMethods("/api/v1/dead-letters/{**rest}", Methods, (HttpContext http, Forwarder forwarder) => Handle(http, forwarder, "ledger"))
            .RequirePermission("dead-letters.platform");

    private static Task Handle(HttpContext http, Forwarder forwarder, string service)
    {
        if (UpstreamPath.Of(((RouteEndpoint)http.GetEndpoint()!).RoutePattern, http.Request.RouteValues) is not { } path)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        return forwarder.Forward(http, new(service, path, Caller.Of(http), Workspace: null, http.Grant().Permissions, PassedHeaders.OfRequests));
    }
}
