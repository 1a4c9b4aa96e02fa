using Allocora.Contracts.Events;
using Allocora.EventStore;

namespace Allocora.Connector;

/// <summary>What the Connector's log may hold.</summary>
internal static class ConnectorEvents
{
    public static readonly EventCatalog Catalog = new EventCatalog()
        .Add<SourceConnected>().Add<SourceChanged>().Add<SourceKeyRotated>().Add<SourcePaused>().Add<SourceResumed>().Add<SourceStopped>()
        .Add<SourceDisconnected>().Add<WebhookSecretsSet>()
        .Add<PayoutConfirmed>().Add<SyncRequested>().Add<SyncCancelled>().Add<SkippedRowsDecided>();
}
