using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>Notifications as a list shows them: their events are looked up only for those that are shown.</summary>
internal sealed class NotificationShelf(IReadOnlyList<Notification> all, EventLog log) : IShelf
{
    public int Count(long now) => all.Count;

    public string Id(int number) => all[number].Id;

    public int Find(string id)
    {
        for (var at = 0; at < all.Count; at++)
        {
            if (all[at].Id == id) return at;
        }
        return -1;
    }

    public string? Text(int number, string field, long now) => field switch
    {
        "status" => all[number].Status,
        "notification_setting_id" => all[number].DestinationId,
        _ => null,
    };

    public long? Time(int number, string field, long now) => field == "occurred_at" ? all[number].Event.At : null;

    public JsonObject Render(int number, long now) => all[number].Json(log.Find(all[number].Event.Id)!);
}
