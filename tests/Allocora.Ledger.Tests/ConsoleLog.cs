using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests;

/// <summary>The Console's log, as far as the Ledger reads it.</summary>
internal sealed class ConsoleLog : IAsyncDisposable
{
    private static readonly ServiceSchema Schema = new("console");
    private static readonly EventCatalog Catalog = new EventCatalog().Add<WorkspaceOpened>().Add<WorkspaceChanged>();
    private readonly ServiceDatabase database;

    private ConsoleLog(ServiceDatabase database) => this.database = database;

    public string Address => database.AddressOf("tail");

    public static async Task<ConsoleLog> Create() => new(await ServiceDatabase.Create(Schema));

    public Task Open(string workspace, string zone = "UTC") => Append(workspace, new WorkspaceOpened("acme", "Acme", "USD", zone, RunningLedger.Person));

    public Task Change(string workspace, string zone) =>
        Append(workspace, new WorkspaceChanged(new("Acme", "USD", "UTC"), new("Acme", "USD", zone)));

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task Append(string workspace, object happened) => await new EventLog(database.Worker).Append(
        [new(workspace, "workspace", null, null, [Catalog.Seal(happened, Guid.CreateVersion7(), TimeProvider.System.GetUtcNow())])], default);
}
