using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What belongs to a workspace goes to the service that owns it. Whether the caller may do it, the service decides.</summary>
internal static class ForwardRequest
{
    private static readonly string[] Methods =
        [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete];

    public static void MapForwardRequest(this IEndpointRouteBuilder routes)
    {
        foreach (var (pattern, service) in Routes.All)
            routes.MapMethods($"{Routes.Workspace}/{pattern}/{{**rest}}", Methods, (HttpContext http, Forwarder forwarder) => Handle(http, forwarder, service))
                .AllowMembers().WithMetadata(new TakesFiles(pattern));
    }

    private static Task Handle(HttpContext http, Forwarder forwarder, string service)
    {
        var grant = http.Grant();
        // The service knows a workspace by its id alone, whatever the caller calls it.
        var values = new RouteValueDictionary(http.Request.RouteValues) { ["ws"] = http.Workspace() };
        if (UpstreamPath.Of(((RouteEndpoint)http.GetEndpoint()!).RoutePattern, values) is not { } path)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        return forwarder.Forward(http, new(service, path, Caller.Of(http), http.Workspace(), grant.Permissions, PassedHeaders.OfRequests));
    }
}
