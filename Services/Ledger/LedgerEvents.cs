using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Ledger;

/// <summary>What the Ledger's log may hold.</summary>
internal static class LedgerEvents
{
    public static readonly EventCatalog Catalog = new EventCatalog()
        .Add<TransactionRecorded>().Add<TransactionSettled>().Add<TransactionRevised>().Add<TransactionSeenAgain>().Add<TransactionContradicted>()
        .Add<AdjustmentRecorded>().Add<AdjustmentRevised>().Add<AdjustmentReversalExpected>().Add<AdjustmentContradicted>().Add<AdjustmentCounterBooked>()
        .Add<ContradictionClosed>()
        .Add<SyncRunEnded>().Add<ProductSeen>().Add<PayoutSeen>().Add<InvariantsBroken>().Add<InvariantsRestored>()
        .Add<DeadLetterReplayed>().Add<DeadLetterDiscarded>();
}
