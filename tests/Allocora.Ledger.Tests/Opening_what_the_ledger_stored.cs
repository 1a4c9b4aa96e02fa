using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests;

/// <summary>Every form an event of the Ledger was ever stored in is kept in a file, and opens.</summary>
public sealed class Opening_what_the_ledger_stored
{
    private static readonly IReadOnlyList<FrozenEvent> Frozen = Corpus.Beside();

    private static readonly Dictionary<string, object> Meant = new()
    {
        ["transaction_settled/v1/plain.json"] = new TransactionSettled(
            MadeUp.Id("txn", 1), "completed", MadeUp.Start, new(MadeUp.Dollars(50), MadeUp.Dollars(950), MadeUp.Sale().Payout!), Seen),
        ["adjustment_reversal_expected/v1/plain.json"] = new AdjustmentReversalExpected(
            MadeUp.Id("adj", 1), MadeUp.Id("txn", 1), "refund", MadeUp.Start, MadeUp.Dollars(600), Seen),
        ["contradiction_closed/v1/plain.json"] = new ContradictionClosed(MadeUp.Id("txn", 1), "other-amounts", Seen.Revision, "dismissed", "It is not."),
        ["transaction_seen_again/v1/plain.json"] = new TransactionSeenAgain(MadeUp.Id("txn", 1), MadeUp.Start, Seen),
        ["payout_seen/v1/plain.json"] = new PayoutSeen(
            "evt_01hvgf2skkg8dsk5dczemw2bx1", "pay_01hsdn96k2hxjzsq5yerecdj9j", MadeUp.Source, "live", "paid", MadeUp.Dollars(94_500), "PADDLE-2026-10",
            MadeUp.Start, Verified: true),
        ["invariants_restored/v1/plain.json"] = new InvariantsRestored(42),
    };

    private static SeenAt Seen => new(MadeUp.Source, "live", MadeUp.Run, 3, 7, new('a', 64), new('b', 64), MadeUp.Start, Included: false);

    [Fact]
    public void A_file_opens_as_what_it_meant() =>
        Assert.All(Meant, m => Assert.Equal(m.Value, LedgerEvents.Catalog.Open(Frozen.Single(f => f.Name == m.Key).Stored)));

    [Fact]
    public void Every_version_of_every_type_is_kept() =>
        Assert.Equal(
            from type in LedgerEvents.Catalog.Versions
            from version in Enumerable.Range(1, type.Value)
            orderby type.Key, version
            select (type.Key, version),
            Frozen.Select(f => (f.Type, f.Version)).Distinct().Order());

    [Fact]
    public void What_is_written_today_is_what_is_kept_as_the_version_of_today() => Assert.All(
        Frozen.Where(f => f.Version == LedgerEvents.Catalog.Versions[f.Type]),
        f => Assert.Equal(
            CanonicalJson.Form(f.Data),
            CanonicalJson.Form(LedgerEvents.Catalog.Seal(LedgerEvents.Catalog.Open(f.Stored), Guid.Empty, f.Stored.At).Data)));

    [Fact]
    public void A_sale_keeps_all_that_was_seen()
    {
        var opened = (TransactionRecorded)LedgerEvents.Catalog.Open(Frozen.Single(f => f.Name == "transaction_recorded/v1/plain.json").Stored);
        Assert.Equal(MadeUp.Sale(earnings: null, ref_: "anna").Totals, opened.Transaction.Totals);
        Assert.Equal(MadeUp.Sale().Lines, opened.Transaction.Lines);
        Assert.Equal("\"anna\"", opened.Transaction.CustomData["ref"]);
    }
}
