using System.Globalization;
using System.Text.Json;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Messaging;

namespace Allocora.Ledger;

/// <summary>What an event of the Ledger's says to the world: one message or none. The same event says the same for ever.</summary>
internal static class TellRevenue
{
    private const string Booked = "booked", Revised = "revised";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static IEnumerable<OutgoingMessage> MessagesOf(StoredEvent stored)
    {
        if (LedgerEvents.Catalog.Open(stored) is not RevenueHappened happened || What(stored, happened) is not { } told) yield break;
        yield return new(stored.Id, stored.Workspace, told.Name, JsonSerializer.SerializeToUtf8Bytes(told.Body, told.Body.GetType(), Json), told.At)
        {
            RecordedAt = stored.At,
            Sequence = stored.Sequence,
            Subject = told.FactId,
            PartitionKey = told.Transaction,
            CorrelationId = told.Run ?? stored.Correlation,
            CausationId = stored.Causation,
            Traceparent = EventCatalog.TraceparentOf(stored),
        };
    }

    private static Told? What(StoredEvent stored, RevenueHappened happened) => happened switch
    {
        TransactionRecorded e => OfSale(RevenueTransactionRecorded.Name, e.Transaction, e.Seen, Fact(stored, e.Transaction.Id), id =>
            new RevenueTransactionRecorded(
                id, e.Transaction.Id, e.Seen.Environment, e.Seen.Source, PublicForm.Of(e.Transaction), PublicForm.Of(e.Seen))),
        TransactionSettled e => Settled(stored, e),
        TransactionRevised e => OfSale(RevenueTransactionRevised.Name, e.Transaction, e.Seen, LaterFact(stored, e.Transaction.Id), id =>
            new RevenueTransactionRevised(
                id, e.Transaction.Id, e.Seen.Environment, e.Seen.Source, PublicForm.Of(e.Transaction), [.. e.Delta.Select(PublicForm.Of)],
                PublicForm.Of(e.Seen))),
        TransactionContradicted e => OfSale(RevenueTransactionContradicted.Name, e.Transaction, e.Seen, Fact(stored, e.Transaction.Id), id =>
            new RevenueTransactionContradicted(
                id, e.Transaction.Id, e.Seen.Environment, e.Seen.Source, e.Reason, PublicForm.Of(e.Transaction), PublicForm.Of(e.Seen))),
        AdjustmentRecorded e => Recorded(stored, e),
        AdjustmentReversalExpected e => ReversalExpected(stored, e),
        // A version that changes nothing but what is around the amounts is nobody's business.
        AdjustmentRevised { Delta.Count: > 0 } e => CounterBooked(stored, e),
        AdjustmentCounterBooked e => CounterBooked(stored, e),
        _ => null,
    };

    private static Told OfSale(string name, PaddleTransaction sale, SeenAt seen, string factId, Func<string, object> bodyOf) =>
        new(name, bodyOf(factId), factId, sale.Id, PublicForm.EffectiveAt(sale), seen.Run);

    private static Told Settled(StoredEvent stored, TransactionSettled e)
    {
        var id = Fact(stored, e.Transaction);
        var body = new RevenueTransactionSettled(
            id, e.Transaction, e.Seen.Environment, e.Seen.Source, e.Status, e.UpdatedAt, e.Settlement.Fee, e.Settlement.Earnings,
            PublicForm.Of(e.Settlement.Payout), PublicForm.Of(e.Seen));
        return new(RevenueTransactionSettled.Name, body, id, e.Transaction, e.UpdatedAt, e.Seen.Run);
    }

    private static Told Recorded(StoredEvent stored, AdjustmentRecorded e)
    {
        var (change, id) = (e.Adjustment, Fact(stored, e.Adjustment.Id));
        var body = new RevenueAdjustmentRecorded(
            id, change.Id, e.Seen.Environment, e.Seen.Source, change.TransactionId, PublicForm.Of(change), PublicForm.Of(e.Seen));
        return new(RevenueAdjustmentRecorded.Name, body, id, change.TransactionId, change.CreatedAt, e.Seen.Run);
    }

    private static Told ReversalExpected(StoredEvent stored, AdjustmentReversalExpected e)
    {
        var (id, at) = (Fact(stored, e.Adjustment), e.UpdatedAt ?? e.Seen.At);
        // The adjustment took the total away, so what undoes it brings the total.
        var body = new RevenueAdjustmentReversalExpected(
            id, e.Adjustment, e.Seen.Environment, e.Seen.Source, e.Transaction, e.Action, at, e.Total, PublicForm.Of(e.Seen));
        return new(RevenueAdjustmentReversalExpected.Name, body, id, e.Transaction, at, e.Seen.Run);
    }

    private static Told CounterBooked(StoredEvent stored, AdjustmentRevised e)
    {
        var (change, id) = (e.Adjustment, LaterFact(stored, e.Adjustment.Id));
        var body = new RevenueAdjustmentCounterBooked(
            id, change.Id, e.Seen.Environment, e.Seen.Source, change.TransactionId, Revised, change.CreatedAt, [.. e.Delta.Select(PublicForm.Of)], [],
            PublicForm.Of(change), PublicForm.Of(e.Seen));
        return new(RevenueAdjustmentCounterBooked.Name, body, id, change.TransactionId, change.CreatedAt, e.Seen.Run);
    }

    // Why somebody did it is for those inside to read.
    private static Told CounterBooked(StoredEvent stored, AdjustmentCounterBooked e)
    {
        var id = LaterFact(stored, e.Adjustment);
        var body = new RevenueAdjustmentCounterBooked(
            id, e.Adjustment, Environment(stored), Source: null, e.Transaction, Booked, stored.At, [PublicForm.Of(e.Amounts)],
            [.. e.Lines.Select(PublicForm.Of)], Adjustment: null, Evidence: null);
        return new(RevenueAdjustmentCounterBooked.Name, body, id, e.Transaction, stored.At, Run: null);
    }

    private static string Fact(StoredEvent stored, string providerId) => FactId.Of(stored.Workspace, Environment(stored), providerId, part: "");

    private static string LaterFact(StoredEvent stored, string providerId) =>
        FactId.Of(stored.Workspace, Environment(stored), providerId, stored.Version.ToString(CultureInfo.InvariantCulture));

    // A stream is called paddle-live-txn_…
    private static string Environment(StoredEvent stored) => stored.Stream.Split('-')[1];

    private sealed record Told(string Name, object Body, string FactId, string Transaction, DateTimeOffset At, string? Run);
}
