namespace Allocora.Contracts.Messages;

/// <summary>
/// Names what was seen, so that sender and receiver know the same thing by the same name. The id of a message is made of its
/// workspace and this name: whoever changes either has another message.
/// </summary>
public static class SeenIdentity
{
    /// <summary>What Paddle says is left of a sale is told anew when it changes, though the sale itself did not.</summary>
    public static string Of(PaddleTransactionSeen message) => message.Transaction.AdjustedTotal is { } left
        ? $"{Of(message.Seen, "transaction", message.Transaction.Id, message.Transaction.UpdatedAt)}|{left}"
        : Of(message.Seen, "transaction", message.Transaction.Id, message.Transaction.UpdatedAt);

    public static string Of(PaddleAdjustmentSeen message) => Of(message.Seen, "adjustment", message.Adjustment.Id, message.Adjustment.UpdatedAt);

    public static string Of(PaddleRunEnded message) => $"paddle|{message.Environment}|run|{message.Run}";

    public static string Of(PaddlePayoutSeen message) => $"paddle|{message.Environment}|payout|{message.EventId}";

    // What was so before and is so again is another message.
    private static string Of(SeenAt seen, string kind, string id, DateTimeOffset? updatedAt) =>
        $"paddle|{seen.Environment}|{kind}|{id}|{seen.Revision}|{updatedAt?.UtcTicks}{(seen.Included ? "|included" : "")}";
}
