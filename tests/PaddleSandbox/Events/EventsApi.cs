using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>What happened in the last 90 days, and what can happen.</summary>
internal static class EventsApi
{
    public static void MapEvents(this IEndpointRouteBuilder routes, Account account, EventLog log)
    {
        routes.Read("/events", "notification.read", http => log.List.Run(http, account));
        routes.Read("/event-types", null, _ => Answer.Ok(new JsonArray([.. EventTypes.Names.Select(EventTypes.Json)])), takes: []);
    }
}
