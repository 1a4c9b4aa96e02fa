using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.Events;

/// <summary>A notification setting: where which events are sent.</summary>
/// <param name="OldSecret">The secret before this one, while both count.</param>
internal sealed record Destination(string Id, string Secret, string? OldSecret = null, long OldSecretUntil = 0)
{
    public required string Description { get; init; }

    /// <summary>url or email.</summary>
    public required string Type { get; init; }

    public required string Address { get; init; }

    public bool IsActive { get; init; } = true;

    public int ApiVersion { get; init; } = 1;

    public bool HasSensitiveFields { get; init; }

    public required string[] Events { get; init; }

    public string Traffic { get; init; } = "platform";

    public bool Wants(string eventType) => IsActive && Traffic is not "simulation" && Events.Contains(eventType);

    /// <summary>The secrets a webhook is signed with at the time.</summary>
    public string[] Secrets(long now, bool newFirst) =>
        OldSecret is null || now >= OldSecretUntil ? [Secret] : newFirst ? [Secret, OldSecret] : [OldSecret, Secret];

    public JsonObject Json() => new()
    {
        ["id"] = Id,
        ["description"] = Description,
        ["type"] = Type,
        ["destination"] = Address,
        ["active"] = IsActive,
        ["api_version"] = ApiVersion,
        ["include_sensitive_fields"] = HasSensitiveFields,
        ["traffic_source"] = Traffic,
        ["subscribed_events"] = new JsonArray([.. Events.Where(EventTypes.Has).Select(EventTypes.Json)]),
        ["endpoint_secret_key"] = Secret,
    };
}
