using Allocora.ServiceDefaults;

namespace Allocora.Console;

/// <summary>What Paddle sends goes to the Connector as it is: only that can tell by the signature whose it is.</summary>
internal static class DeliverWebhook
{
    private const string Sender = "paddle-webhook", Via = "webhook";

    public static void MapDeliverWebhook(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/webhooks/paddle/{sourceId}", Handle).AllowAnyone();

    private static Task Handle(HttpContext http, Forwarder forwarder)
    {
        if (UpstreamPath.Of(((RouteEndpoint)http.GetEndpoint()!).RoutePattern, http.Request.RouteValues) is not { } path)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }
        var caller = new Caller(Sender, Via, http.Connection.RemoteIpAddress?.ToString());
        return forwarder.Forward(http, new("connector", path, caller, Workspace: null, PermissionTable.Of(Roles.Webhook), PassedHeaders.OfWebhooks));
    }
}
