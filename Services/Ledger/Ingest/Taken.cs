using System.Diagnostics;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Messaging;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Ledger;

/// <summary>A message on its way into the log: which stream it is about, and what becomes of it there.</summary>
/// <param name="Place">In its batch.</param>
/// <param name="Key">What was appended under it once is never appended again.</param>
internal sealed record Taken(int Place, string Workspace, string Stream, string Key, object Body, Origin Origin)
{
    /// <summary>Whether what it comes to depends on what the stream holds.</summary>
    public bool IsDecided => Body is PaddleTransactionSeen or PaddleAdjustmentSeen;

    public static Taken Of(int place, Received message, object body)
    {
        var (stream, key, run) = body switch
        {
            PaddleTransactionSeen m => (StreamOf(m.Seen.Environment, m.Transaction.Id), KeyOf(m.Seen, m.Transaction.Id, m.Transaction.UpdatedAt), m.Seen.Run),
            PaddleAdjustmentSeen { Adjustment: var change } m => (
                StreamOf(m.Seen.Environment, change.Id), KeyOf(m.Seen, change.Id, change.UpdatedAt ?? change.CreatedAt), m.Seen.Run),
            PaddleRunEnded m => ($"run-{m.Run}", $"run|{m.Run}", m.Run),
            PaddlePayoutSeen m => (StreamOf(m.Environment, m.PayoutId), $"payout|{m.Environment}|{m.EventId}|{m.Verified}", null),
            PaddleProductSeen m => (StreamOf(m.Environment, m.Id), $"message|{message.Id}", null),
            _ => throw new UnreachableException($"{body.GetType().Name} is taken from the queue and has no stream."),
        };
        var trace = message.TraceContext;
        return new(place, message.Workspace!, stream, key, body, new(
            SourceRun: run, Correlation: run, Causation: message.Id,
            Traceparent: trace == default ? null : $"00-{trace.TraceId}-{trace.SpanId}-{(byte)trace.TraceFlags:x2}"));
    }

    public static string StreamOf(string environment, string providerId) => $"paddle-{environment}-{providerId}";

    /// <summary>What is to be appended; null when the stream has it all.</summary>
    public Entry? Decide(IReadOnlyList<StoredEvent> history, DateTimeOffset now)
    {
        IReadOnlyList<object> happened = Body switch
        {
            PaddleTransactionSeen m => Sale.Decide(Fold(Sale.Decider, history), Impersonal(m.Transaction), m.Seen).Events,
            PaddleAdjustmentSeen m => Change.Decide(Fold(Change.Decider, history), m.Adjustment with { Reason = null }, m.Seen).Events,
            PaddleRunEnded m => [new SyncRunEnded(m.Run, m.Source, m.Environment, m.Mode, m.Pages, m.Rows, m.Outcomes, m.CompleteUntil)],
            PaddlePayoutSeen m =>
            [
                new PayoutSeen(
                    m.EventId, m.PayoutId, m.Source, m.Environment, m.Status, m.Amount, m.RemittanceReference, m.OccurredAt, m.Verified),
            ],
            PaddleProductSeen m =>
            [
                new ProductSeen(m.Id, m.Source, m.Environment, m.Name, m.Status, m.Type, m.UpdatedAt,
                    [.. m.Prices.Select(p => new PriceSeen(p.Id, p.Name, p.Status, p.Type, p.UnitPrice))]),
            ],
            _ => throw new UnreachableException($"{Body.GetType().Name} is taken from the queue and means nothing."),
        };
        if (happened.Count == 0) return null;
        return new(
            Workspace, Stream, Key, IsDecided ? (history.Count == 0 ? 0 : history[^1].Version) : null,
            [.. happened.Select((e, i) => LedgerEvents.Catalog.Seal(e, EventId.Of(Workspace, Key, i + 1), now, Origin))]);
    }

    // What people write, and where exactly they live, stays with the payload: the log keeps for ever what it has.
    private static PaddleTransaction Impersonal(PaddleTransaction sale) =>
        sale.Place is { } place ? sale with { Place = place with { PostalCode = null } } : sale;

    private static string KeyOf(SeenAt seen, string providerId, DateTimeOffset updatedAt) =>
        $"paddle|{seen.Environment}|{providerId}|{Sight.VersionOf(seen, updatedAt)}";

    private static TState Fold<TState>(Decider<TState, RevenueHappened> decider, IReadOnlyList<StoredEvent> history) =>
        history.Select(LedgerEvents.Catalog.Open).Cast<RevenueHappened>().Aggregate(decider.Initial, decider.Evolve);
}
