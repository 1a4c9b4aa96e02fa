using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>Every form an event of the Connector was ever stored in is kept in a file, and opens.</summary>
public sealed class Opening_what_the_connector_stored
{
    private const string Source = "src_01hf7yat00000000000000000a", Run = "run_01hf7yat00000000000000000b";
    private static readonly IReadOnlyList<FrozenEvent> Frozen = Corpus.Beside();

    private static readonly Dictionary<string, object> Meant = new()
    {
        ["source_paused/v1/plain.json"] = new SourcePaused(Source),
        ["source_stopped/v1/plain.json"] = new SourceStopped(Source, "credential-invalid"),
        ["source_disconnected/v1/plain.json"] = new SourceDisconnected(Source),
        ["webhook_secrets_set/v1/plain.json"] = new WebhookSecretsSet(Source, 2),
        ["payout_confirmed/v1/plain.json"] = new PayoutConfirmed(Source, "evt_01hvgf2skkg8dsk5dczemw2bx1", "pay_01hsdn96k2hxjzsq5yerecdj9j"),
        ["sync_requested/v1/plain.json"] = new SyncRequested(Source, Run, "full"),
        ["sync_cancelled/v1/plain.json"] = new SyncCancelled(Source, Run),
    };

    [Fact]
    public void A_file_opens_as_what_it_meant() =>
        Assert.All(Meant, m => Assert.Equal(m.Value, ConnectorEvents.Catalog.Open(Frozen.Single(f => f.Name == m.Key).Stored)));

    [Fact]
    public void Every_version_of_every_type_is_kept() =>
        Assert.Equal(
            from type in ConnectorEvents.Catalog.Versions
            from version in Enumerable.Range(1, type.Value)
            orderby type.Key, version
            select (type.Key, version),
            Frozen.Select(f => (f.Type, f.Version)).Distinct().Order());

    [Fact]
    public void What_is_written_today_is_what_is_kept_as_the_version_of_today() => Assert.All(
        Frozen.Where(f => f.Version == ConnectorEvents.Catalog.Versions[f.Type]),
        f => Assert.Equal(
            CanonicalJson.Form(f.Data),
            CanonicalJson.Form(ConnectorEvents.Catalog.Seal(ConnectorEvents.Catalog.Open(f.Stored), Guid.Empty, f.Stored.At).Data)));
}
