using System.Globalization;
using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Messages;

namespace Allocora.Connector;

/// <summary>One of Paddle's events, as far as we look at it.</summary>
/// <param name="EntityId">What it is about.</param>
/// <param name="Payout">What an event about a payout says of it.</param>
internal sealed record EventRow(string Id, string Type, DateTimeOffset OccurredAt, string? EntityId, PayoutTold? Payout)
{
    public bool IsAboutAdjustment => Type.StartsWith("adjustment.", StringComparison.Ordinal);

    public bool IsAboutCatalogue => Type.StartsWith("product.", StringComparison.Ordinal) || Type.StartsWith("price.", StringComparison.Ordinal);

    public bool IsAboutPayout => Type is "payout.created" or "payout.paid";

    /// <summary>Null for what is no event.</summary>
    public static EventRow? Read(JsonElement from)
    {
        if (from.ValueKind != JsonValueKind.Object || Text(from, "event_id") is not { Length: > 0 and <= 64 } id || Text(from, "event_type") is not { } type
            || !DateTimeOffset.TryParse(
                Text(from, "occurred_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at))
            return null;
        var data = from.TryGetProperty("data", out var about) && about.ValueKind == JsonValueKind.Object ? about : default;
        var entity = data.ValueKind == JsonValueKind.Object ? Text(data, "id") : null;
        return new(id, type, at, entity, data.ValueKind == JsonValueKind.Object ? PayoutTold.Read(data) : null);
    }

    internal static string? Text(JsonElement from, string name) =>
        JsonText.Of(from, name);
}

internal sealed record PayoutTold(string Id, string Status, Money Amount, string? RemittanceReference)
{
    public static PayoutTold? Read(JsonElement data) =>
        EventRow.Text(data, "id") is { } id && EventRow.Text(data, "status") is { } status
        && Currency.TryParse(EventRow.Text(data, "currency_code"), out var currency) && Money.TryParse(EventRow.Text(data, "amount"), currency, out var amount)
            ? new(id, status, amount, EventRow.Text(data, "remittance_reference"))
            : null;

    /// <summary>As an event of Paddle's has it.</summary>
    public Dictionary<string, string?> AsPaddle() => new()
    {
        ["id"] = Id,
        ["status"] = Status,
        ["amount"] = Amount.Minor.ToString(CultureInfo.InvariantCulture),
        ["currency_code"] = Amount.Currency.Code,
        ["remittance_reference"] = RemittanceReference,
    };

    public PaddlePayoutSeen Seen(EventRow told, Source source, bool verified) =>
        new(told.Id, Id, source.Id, source.Environment, Status, Amount, RemittanceReference, told.OccurredAt, verified);
}
