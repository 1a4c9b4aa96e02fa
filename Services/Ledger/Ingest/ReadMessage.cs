using System.Text.Json;
using System.Text.RegularExpressions;
using Allocora.Contracts;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Ledger;

/// <summary>What a message says, or why it cannot be believed.</summary>
internal readonly record struct MessageRead(object? Body, Verdict? Refused)
{
    public static implicit operator MessageRead(Verdict refused) => new(null, refused);
}

/// <summary>
/// Reads a message of the ingest queue. Whatever is not exactly what the Connector sends is refused with a reason: to count it
/// by mistake would be worse than to have a person look at it.
/// </summary>
internal static partial class ReadMessage
{
    public const string NoWorkspace = DeadLetters.NoWorkspace, UnknownWorkspace = DeadLetters.UnknownWorkspace, UnknownType = "unknown-type",
        Unreadable = "unreadable", Forged = "forged-envelope", BadIds = "not-an-id", MixedCurrencies = "mixed-currencies", UnknownCurrency = "unknown-currency",
        OutOfRange = "amounts-out-of-range";

    private const long AmountMax = 1_000_000_000_000_000, CountMax = 1_000_000_000_000;
    private const string Prefix = "com.allocora.", SourceHeader = "cloudEvents_source", TypeHeader = "cloudEvents_type";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        MaxDepth = 32,
    };

    public static bool IsWorkspace(string id) => WorkspaceId().IsMatch(id);

    public static MessageRead Of(Received message)
    {
        if (message.Workspace is not { } workspace || !IsWorkspace(workspace))
            return Verdict.Broken(NoWorkspace, "The header tenant-id is not the id of a workspace.");
        if (!message.Type.StartsWith(Prefix, StringComparison.Ordinal)) return Verdict.Broken(UnknownType, "The message's type is none of ours.");
        try
        {
            return message.Type[Prefix.Length..] switch
            {
                PaddleTransactionSeen.Name => Checked(message, Read<PaddleTransactionSeen>(message), SeenIdentity.Of, m => m.Transaction.Id, WhatIsWrong),
                PaddleAdjustmentSeen.Name => Checked(message, Read<PaddleAdjustmentSeen>(message), SeenIdentity.Of, m => m.Adjustment.Id, WhatIsWrong),
                PaddleRunEnded.Name => Checked(message, Read<PaddleRunEnded>(message), SeenIdentity.Of, m => m.Run, WhatIsWrong),
                PaddlePayoutSeen.Name => Checked(
                    message, Read<PaddlePayoutSeen>(message), SeenIdentity.Of, m => m.PayoutId, m => Ids(m.Environment, ("pay", m.PayoutId))),
                PaddleProductSeen.Message => Checked(
                    message, Read<PaddleProductSeen>(message), identityOf: null, m => m.Id, m => Ids(m.Environment, ("pro", m.Id))),
                _ => Verdict.Broken(UnknownType, "This program knows no message of this type."),
            };
        }
        catch (JsonException e)
        {
            // Only where the body is no JSON at all is there no path.
            return Verdict.Broken(Unreadable, $"The body cannot be read at {PathOf(e)}.");
        }
    }

    /// <param name="identityOf">Null for messages that are named by their place in the sender's outbox.</param>
    private static MessageRead Checked<T>(
        Received message, T body, Func<T, string>? identityOf, Func<T, string> subjectOf, Func<T, Verdict?> whatIsWrong) where T : notnull
    {
        if (whatIsWrong(body) is { } wrong) return wrong;
        var (workspace, headers) = (message.Workspace!, message.Headers);
        var isGenuine = (identityOf is null || message.Id == EventId.Of(workspace, identityOf(body), 1).ToString())
            && Guid.TryParseExact(message.Id, "D", out _)
            && message.Subject == subjectOf(body)
            && headers.GetValueOrDefault(SourceHeader) == $"/workspaces/{workspace}/connector"
            && headers.GetValueOrDefault(TypeHeader) == message.Type;
        return isGenuine ? new MessageRead(body, null) : Verdict.Broken(Forged, "The envelope does not belong to what is in it.");
    }

    private static T Read<T>(Received message) => JsonSerializer.Deserialize<T>(message.Body.Span, Json) ?? throw new JsonException("null", "$", null, null);

    private static Verdict? WhatIsWrong(PaddleTransactionSeen message)
    {
        var (sale, totals) = (message.Transaction, message.Transaction.Totals);
        if (Ids(message.Seen.Environment, ("txn", sale.Id)) is { } wrong) return wrong;
        if (WhatIsWrong(message.Seen) is { } seenWrong) return seenWrong;
        Money?[] amounts =
        [
            totals.Subtotal, totals.Discount, totals.Tax, totals.Credit, totals.CreditToBalance, totals.GrandTotal, sale.AdjustedTotal, sale.Fee, sale.Earnings,
            .. sale.Lines.SelectMany(l => new Money?[] { l.Totals.Subtotal, l.Totals.Discount, l.Totals.Tax, l.Totals.Total }),
            .. sale.Payments.Select(p => (Money?)p.Amount),
        ];
        Money?[] paidOut = sale.Payout is { } p ? [p.Subtotal, p.Discount, p.Tax, p.Fee, p.Earnings] : [];
        return Currencies(message.Seen, totals.Total, amounts, sale.Payout?.Total, paidOut);
    }

    private static Verdict? WhatIsWrong(PaddleAdjustmentSeen message)
    {
        var (change, totals) = (message.Adjustment, message.Adjustment.Totals);
        if (Ids(message.Seen.Environment, ("adj", change.Id), ("txn", change.TransactionId)) is { } wrong) return wrong;
        if (WhatIsWrong(message.Seen) is { } seenWrong) return seenWrong;
        Money?[] amounts =
        [
            totals.Subtotal, totals.Tax, totals.Fee, totals.RetainedFee, totals.Earnings,
            .. change.Lines.SelectMany(l => new Money?[] { l.Subtotal, l.Tax, l.Total }),
        ];
        Money?[] paidOut = change.Payout is { } p ? [p.Subtotal, p.Tax, p.Fee, p.RetainedFee, p.ChargebackFee, p.Earnings] : [];
        return Currencies(message.Seen, totals.Total, amounts, change.Payout?.Total, paidOut);
    }

    private static Verdict? WhatIsWrong(PaddleRunEnded message) =>
        message.Outcomes.Values.Append(message.Pages).Append(message.Rows).Any(n => n is < 0 or > CountMax)
            ? Verdict.Broken(OutOfRange, "No run has so many rows.")
            : Ids(message.Environment, ("run", message.Run));

    private static Verdict? WhatIsWrong(SeenAt seen) => Hash().IsMatch(seen.Revision) && Hash().IsMatch(seen.Content) && SourceId().IsMatch(seen.Source)
        ? null
        : Verdict.Broken(BadIds, "Where it was seen is not told in the form of ours.");

    // What is in no currency of Paddle's cannot be shown to anybody; a person may have let it in all the same.
    private static Verdict? Currencies(SeenAt seen, Money total, Money?[] amounts, Money? payout, Money?[] paidOut)
    {
        // All that is ever added up stays within 64 bits then.
        if (amounts.Concat(paidOut).Append(total).Append(payout).Any(a => a is { Minor: < -AmountMax or > AmountMax }))
            return Verdict.Broken(OutOfRange, "An amount is larger than anything that was ever sold.");
        if (amounts.Any(a => a is { } amount && amount.Currency != total.Currency)
            || paidOut.Any(a => a is { } amount && amount.Currency != payout!.Value.Currency))
            return Verdict.Broken(MixedCurrencies, "Amounts that belong together are in different currencies.");
        return !seen.Included && (!total.Currency.IsKnown || payout?.Currency.IsKnown == false)
            ? Verdict.Broken(UnknownCurrency, "An amount is in a currency Paddle is not known to sell in.")
            : null;
    }

    private static Verdict? Ids(string environment, params ReadOnlySpan<(string Prefix, string Id)> ids)
    {
        var areGood = environment is "live" or "sandbox";
        foreach (var (prefix, id) in ids) areGood = areGood && id.StartsWith($"{prefix}_", StringComparison.Ordinal) && ProviderId().IsMatch(id);
        return areGood ? null : Verdict.Broken(BadIds, "An id or the environment is not in the form of Paddle's.");
    }

    // Names below custom data are the customers' own.
    private static string PathOf(JsonException e) => e.Path is { } path && !path.Contains("customData", StringComparison.OrdinalIgnoreCase) ? path : "its text";

    [GeneratedRegex(@"^ws_[0-9a-z]{26}\z")]
    private static partial Regex WorkspaceId();

    [GeneratedRegex(@"^src_[0-9a-z]{26}\z")]
    private static partial Regex SourceId();

    [GeneratedRegex(@"^[a-z]{3}_[0-9a-z]{26}\z")]
    private static partial Regex ProviderId();

    [GeneratedRegex(@"^[0-9a-f]{64}\z")]
    private static partial Regex Hash();
}
