using System.Globalization;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Telling;

/// <summary>One event of each kind about a sale and its refund, and the log they are put into.</summary>
internal static class Happenings
{
    public const string SaleId = "txn_01hf7yat00000000000000000s", RefundId = "adj_01hf7yat00000000000000000r", Run = "run_01hf7yat00000000000000000r",
        Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    public static readonly DateTimeOffset Billed = new(2026, 10, 1, 9, 30, 0, TimeSpan.Zero), Updated = Billed.AddHours(1), Recorded = Billed.AddDays(1);
    public static readonly SeenAt Seen = new(
        "src_01hf7yat00000000000000000s", "live", Run, Page: 3, Row: 7, new string('a', 64), new string('b', 64), Updated.AddMinutes(1), Included: false);

    public static readonly PayoutTotals Payout = new(
        Eur(900), Eur(0), Eur(180), Eur(1080), Eur(60), Eur(840), ExchangeRate: "0.9", FeeRate: "0.05");

    public static readonly PaddleTransaction Transaction = new(
        SaleId, "completed", Billed.AddMinutes(-5), Updated, Billed, RevisedAt: null, CapturedAt: Billed, "web", "automatic",
        "ctm_01hf7yat00000000000000000c", "sub_01hf7yat00000000000000000s", "325-10566", "dsc_01hf7yat00000000000000000d", "LAUNCH",
        new("DE", "BE", "10115"), BillingPeriod: null, new(Usd(1000), Usd(0), Usd(200), Usd(1200), Usd(100), Usd(0), Usd(1100)), AdjustedTotal: null,
        Usd(65), Usd(935), Payout,
        [new(
            "txnitm_01hf7yat00000000000000000l", "pro_01hf7yat00000000000000000p", "The Secret Book", "pri_01hf7yat00000000000000000p", 2, "0.2",
            ProrationRate: null, new(Usd(1000), Usd(0), Usd(200), Usd(1200)))],
        [new("pay_01hf7yat00000000000000000p", Usd(1100), "captured", "card", Billed, Billed)], new Dictionary<string, string> { ["ref"] = "\"jonas\"" });

    public static readonly PaddleAdjustment Adjustment = new(
        RefundId, SaleId, "refund", "approved", "partial", Transaction.CustomerId, Transaction.SubscriptionId, "fraud of Jane Doe",
        CreditAppliedToBalance: null,
        Billed.AddDays(2), Billed.AddDays(3), new(Usd(500), Usd(100), Usd(600), Usd(30), Usd(5), Usd(470)),
        new(Eur(450), Eur(90), Eur(540), Eur(27), Eur(4), null, Eur(423)),
        [new("adjitm_01hf7yat00000000000000000l", Transaction.Lines[0].Id, "partial", Usd(500), Usd(100), Usd(600))]);

    public static readonly SaleAmounts SaleGrew = new(Usd(10), Usd(0), Usd(2), Usd(12), Usd(0), Usd(12), null, null, null);

    /// <summary>What is told, each under the name it is told by.</summary>
    public static readonly (string Stream, RevenueHappened Happened)[] Told =
    [
        (SaleId, new TransactionRecorded(SaleContent.Unsettled(Transaction), Seen)),
        (SaleId, new TransactionSettled(SaleId, "completed", Updated, new(Transaction.Fee, Transaction.Earnings, Payout), Seen)),
        (SaleId, new TransactionRevised(Transaction, new("completed", Updated, Seen), [SaleGrew], Seen)),
        (SaleId, new TransactionContradicted("other-amounts", Transaction, Seen)),
        (RefundId, new AdjustmentRecorded(Adjustment, Seen)),
        (RefundId, new AdjustmentReversalExpected(RefundId, SaleId, "refund", Billed.AddDays(4), Usd(600), Seen)),
        (RefundId, new AdjustmentRevised(Adjustment, null, [ChangeContent.EffectOf(Adjustment)], Seen)),
        (RefundId, new AdjustmentCounterBooked(
            RefundId, SaleId, Seen.Environment, Seen.Source, "refund", ChangeContent.Minus(ChangeContent.EffectOf(Adjustment)), Adjustment.Lines,
            "Jane Doe wrote that she has paid")),
    ];

    public static readonly (string Stream, object Happened)[] Untold =
    [
        (RefundId, new AdjustmentRevised(Adjustment, null, [], Seen)),
        (RefundId, new AdjustmentContradicted("other-amounts", Adjustment, Seen)),
        (RefundId, new ContradictionClosed(RefundId, "other-amounts", Seen.Revision, Contradictions.Dismissed, "a note")),
        (Run, new SyncRunEnded(Run, Seen.Source, "live", "normal", 1, 1, new Dictionary<string, long> { ["accepted"] = 1 }, null)),
        ("pro_01hf7yat00000000000000000p", new ProductSeen(
            "pro_01hf7yat00000000000000000p", Seen.Source, "live", "The Secret Book", "active", "standard", null, [])),
        ("pay_01hf7yat00000000000000000p", new PayoutSeen("evt_1", "pay_1", Seen.Source, "live", "paid", Usd(1), null, Updated, Verified: true)),
        ("invariants", new InvariantsBroken(1, [])),
        ("invariants", new InvariantsRestored(2)),
    ];

    public static async Task Append(
        ServiceDatabase database, IEnumerable<(string Stream, object Happened)> all, string workspace = RunningLedger.Workspace, int times = 1)
    {
        var entries = Enumerable.Range(1, times).SelectMany(nth => all.Select((one, i) =>
        {
            var key = $"{one.Stream}|{i}|{nth}|{one.Happened.GetType().Name}";
            var origin = new Origin(Traceparent: Traceparent, Causation: "msg_1");
            return new Entry(workspace, $"paddle-live-{one.Stream}", key, ExpectedVersion: null,
                [LedgerEvents.Catalog.Seal(one.Happened, EventId.Of(workspace, key, 1), Recorded, origin)]);
        })).ToList();
        await new EventLog(database.Worker).Append(entries, CancellationToken.None);
    }

    /// <summary>As a reader of the log would find it.</summary>
    public static StoredEvent Stored(string stream, object happened, long version = 1, string environment = "live")
    {
        var sealedEvent = LedgerEvents.Catalog.Seal(happened, EventId.Of("ws", stream, 1), Recorded, new(Traceparent: Traceparent));
        return new(42, sealedEvent.Id, RunningLedger.Workspace, string.Create(CultureInfo.InvariantCulture, $"paddle-{environment}-{stream}"), version,
            sealedEvent.Type, System.Text.Encoding.UTF8.GetBytes(sealedEvent.Data), sealedEvent.At, sealedEvent.Headers, null, null);
    }

    public static Money Usd(long minor) => new(minor, Of("USD"));

    private static Money Eur(long minor) => new(minor, Of("EUR"));

    private static Currency Of(string code) => Currency.TryParse(code, out var currency) ? currency : throw new ArgumentException(code);
}
