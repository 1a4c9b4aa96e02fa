using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>What a destination answered to one attempt.</summary>
/// <param name="Code">The HTTP status; 0 when there was no answer.</param>
internal sealed record Attempt(string Id, int Code, string? ContentType, string Body, long At)
{
    public JsonObject Json() => new()
    {
        ["id"] = Id,
        ["response_code"] = Code,
        ["response_content_type"] = ContentType,
        ["response_body"] = Body,
        ["attempted_at"] = Instants.Text(At),
    };
}

/// <summary>One event on its way to one destination. It never changes itself: a later version takes its place.</summary>
internal sealed record Notification(string Id, Occurred Event, string DestinationId, string Origin)
{
    public string Status { get; init; } = "not_attempted";

    public long? DeliveredAt { get; init; }

    public long? ReplayedAt { get; init; }

    public long? LastAttemptAt { get; init; }

    public long? RetryAt { get; init; }

    public IReadOnlyList<Attempt> Attempts { get; init; } = [];

    public bool IsSettled => Status is "delivered" or "failed";

    public JsonObject Payload(JsonObject happened)
    {
        happened.Insert(3, "notification_id", Id);
        return happened;
    }

    public JsonObject Json(JsonObject happened) => new()
    {
        ["id"] = Id,
        ["type"] = Event.Type,
        ["status"] = Status,
        ["payload"] = Payload(happened),
        ["occurred_at"] = Instants.Text(Event.At),
        ["delivered_at"] = Time(DeliveredAt),
        ["replayed_at"] = Time(ReplayedAt),
        ["origin"] = Origin,
        ["last_attempt_at"] = Time(LastAttemptAt),
        ["retry_at"] = Time(RetryAt),
        ["times_attempted"] = Attempts.Count,
        ["notification_setting_id"] = DestinationId,
    };

    private static string? Time(long? at) => at is { } instant ? Instants.Text(instant) : null;
}
