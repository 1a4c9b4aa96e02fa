using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>What was sent to whom, what they answered, and sending it once more.</summary>
internal static class NotificationsApi
{
    private const string Path = "/notifications", One = Path + "/{id}", Read = "notification.read";
    private static readonly string[] Statuses = ["not_attempted", "needs_retry", "delivered", "failed"];

    public static void MapNotifications(this IEndpointRouteBuilder routes, Account account, Notifications notifications, EventLog log, Courier courier)
    {
        routes.Read(Path, Read, http => List(http, account, notifications, log).Run(http, account));
        routes.Read(One, Read, http =>
        {
            var found = notifications.Existing(http.Id());
            return Answer.Ok(found.Json(Event(found, log)));
        });
        routes.Read(One + "/logs", Read, http =>
        {
            var shelf = new ListShelf([.. notifications.Existing(http.Id()).Attempts.Select(one => one.Json())]);
            return new Listing(new Collection("ntflog", shelf), 50, 200, ["id"], []).Run(http, account);
        });
        routes.Act("POST", One + "/replay", "notification.write", account, (http, now) =>
        {
            var was = notifications.Existing(http.Id());
            if (was.Origin != "event")
                throw new Refused(400, "notification_replay_invalid_origin_type", "Only a notification of an event can be replayed.");
            if (!was.IsSettled) throw new Refused(400, "notification_cannot_replay", "Only a notification that was delivered or has failed can be replayed.");
            notifications.Replace(was.Id, one => one with { ReplayedAt = now });
            var again = courier.Send(was.Event, was.DestinationId, "replay");
            return new Answer(202, new JsonObject { ["notification_id"] = again.Id });
        });
    }

    private static JsonObject Event(Notification of, EventLog log) => log.Find(of.Event.Id)!;

    private static Listing List(HttpContext http, Account account, Notifications notifications, EventLog log)
    {
        var (query, oldest) = (http.Request.Query, account.Clock.Now - PastEvents.Kept);
        var (from, to) = (Time(query, "from"), Time(query, "to"));
        var (search, about) = (query["search"].ToString(), query["filter"].ToString());
        var chosen = notifications.All.Where(one =>
            one.Event.At >= oldest && (from is null || one.Event.At >= from) && (to is null || one.Event.At <= to)
            && (one.Id.Contains(search, StringComparison.OrdinalIgnoreCase) || one.Event.Type.Contains(search, StringComparison.OrdinalIgnoreCase))
            && (about.Length == 0 || IsAbout(Event(one, log), about)));
        return new Listing(new Collection("ntf", new NotificationShelf([.. chosen], log)), 50, 200, ["id"],
        [
            new("notification_setting_id", Takes.Ids), new("status", Takes.Many, Statuses), Done("search"), Done("filter"), Done("from"), Done("to"),
        ]);

        // The rows were chosen by it already.
        Filter Done(string name) => new(name, Takes.One) { Read = (_, _) => query[name] };
    }

    private static bool IsAbout(JsonObject happened, string id) =>
        happened["data"] is JsonObject data && new[] { "id", "transaction_id", "customer_id", "subscription_id" }.Any(field => $"{data[field]}" == id);

    private static long? Time(IQueryCollection query, string name)
    {
        if (query[name].ToString() is not { Length: > 0 } text) return null;
        return Instants.Parse(text)
            ?? throw new Refused(400, "invalid_time_query_parameter", "Invalid time query parameter.", new FieldError(name, "must be a time of RFC 3339"));
    }
}
