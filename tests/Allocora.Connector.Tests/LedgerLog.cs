using System.Text.Json;
using Allocora.Contracts.Events;
using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>The Ledger's log, as far as the Connector reads it: which runs have come to their end there.</summary>
internal sealed class LedgerLog : IAsyncDisposable
{
    private static readonly ServiceSchema Schema = new("ledger");
    private static readonly EventCatalog Catalog = new EventCatalog().Add<SyncRunEnded>();
    private readonly ServiceDatabase database;

    private LedgerLog(ServiceDatabase database) => this.database = database;

    public string Address => database.AddressOf("tail");

    public static async Task<LedgerLog> Create() => new(await ServiceDatabase.Create(Schema));

    /// <summary>What the Ledger does with a run's last message, however often it comes.</summary>
    public async Task Take(string workspace, byte[] message)
    {
        var ended = JsonSerializer.Deserialize<PaddleRunEnded>(message, Canonical.Json)!;
        var happened = new SyncRunEnded(
            ended.Run, ended.Source, ended.Environment, ended.Mode, ended.Pages, ended.Rows, ended.Outcomes, ended.CompleteUntil);
        await new EventLog(database.Worker).Append(
            [new(workspace, $"run-{ended.Run}", $"run|{ended.Run}", null, [Catalog.Seal(happened, Guid.CreateVersion7(), TimeProvider.System.GetUtcNow())])],
            CancellationToken.None);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}
