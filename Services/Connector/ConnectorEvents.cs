using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Connector;

/// <summary>What the Connector's log may hold.</summary>
internal static class ConnectorEvents
{
    public static readonly EventCatalog Catalog = new EventCatalog().Add<SyncRequested>().Add<SyncCancelled>().Add<SkippedRowsDecided>();
}
