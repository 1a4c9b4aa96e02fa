using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Allocora.Connector;

/// <summary>What an event of Paddle's says, as far as anything is done about it.</summary>
/// <param name="Entity">What to read again; null where there is nothing to read.</param>
/// <param name="Data">Of events that cannot be read again, the fields that count, and no other.</param>
/// <param name="IsHeeded">Something is done about events of this type.</param>
internal sealed partial record WebhookEnvelope(string Id, string Type, DateTimeOffset OccurredAt, string? Entity, string? Data, bool IsHeeded)
{
    private const int TextMax = 200;
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    private static readonly Dictionary<string, string> Entities = new()
    {
        ["transaction"] = "txn",
        ["adjustment"] = "adj",
        ["product"] = "pro",
        ["price"] = "pri",
    };

    private static readonly Dictionary<string, string[]> Kept = new()
    {
        ["payout"] = ["id", "status", "amount", "currency_code", "remittance_reference"],
        ["api_key"] = ["id", "status", "expires_at"],
        ["api_key_exposure"] = ["id", "api_key_id", "risk_level", "action_taken"],
    };

    /// <returns>Null when it is no event; <paramref name="fault"/> says why.</returns>
    public static WebhookEnvelope? Read(ReadOnlyMemory<byte> body, out string fault)
    {
        try
        {
            using var document = JsonDocument.Parse(body, Strict);
            return Read(document.RootElement, out fault);
        }
        catch (JsonException)
        {
            fault = "This is not JSON.";
            return null;
        }
    }

    private static WebhookEnvelope? Read(JsonElement root, out string fault)
    {
        var (id, type, data) = (Text(root, "event_id"), Text(root, "event_type"), Member(root, "data"));
        var (said, at) = (Member(root, "occurred_at"), DateTimeOffset.MinValue);
        var isDated = said.ValueKind == JsonValueKind.String && said.TryGetDateTimeOffset(out at);
        fault = id is null || !EventId().IsMatch(id) ? "event_id is not the id of an event."
            : type is null || !EventType().IsMatch(type) ? "event_type is not the type of an event."
            : !isDated ? "occurred_at is not a time."
            : data.ValueKind != JsonValueKind.Object ? "data is not an object."
            : "";
        if (fault.Length > 0) return null;

        var about = type!.Split('.')[0];
        string? entity = null;
        if (Entities.TryGetValue(about, out var prefix))
        {
            entity = Text(data, "id");
            if (entity is null || !EntityId().IsMatch(entity) || !entity.StartsWith($"{prefix}_", StringComparison.Ordinal))
            {
                fault = $"data.id is not the id of a {about}.";
                return null;
            }
        }
        var kept = Kept.TryGetValue(about, out var fields) ? Only(fields, data) : null;
        return new(id!, type, at.ToUniversalTime(), entity, kept, entity is not null || kept is not null);
    }

    private static string Only(string[] fields, JsonElement data) => new JsonObject(
        from field in fields
        let text = Text(data, field)
        where text is { Length: <= TextMax }
        select KeyValuePair.Create(field, (JsonNode?)text)).ToJsonString();

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) ? value : default;

    private static string? Text(JsonElement of, string name) => Member(of, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    [GeneratedRegex(@"\Aevt_[a-z0-9]{26}\z")]
    private static partial Regex EventId();

    [GeneratedRegex(@"\A[a-z_]{1,40}\.[a-z_]{1,40}\z")]
    private static partial Regex EventType();

    [GeneratedRegex(@"\A[a-z]{3}_[a-z0-9]{26}\z")]
    private static partial Regex EntityId();
}
