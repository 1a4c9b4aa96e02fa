using Allocora.Contracts;
using Allocora.EventStore;
using Npgsql;
using EventId = Allocora.EventStore.EventId;

namespace Allocora.Console;

/// <summary>Writes what happened at the door into the Console's log: sign-ins, refusals, the use of keys, downloads.</summary>
internal sealed class Journal(NpgsqlDataSource worker, EventCatalog catalog, TimeProvider time)
{
    /// <summary>The workspace, as the log has it, of what happens outside of any.</summary>
    public const string Platform = "platform";

    private readonly EventLog log = new(worker);

    /// <summary>When this returns, it is in the log.</summary>
    public async Task Record(string workspace, string stream, object happened, Origin origin, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var id = EventId.Of(workspace, NewId.For("jrn", now), 1);
        await log.Append([new Entry(workspace, stream, Key: null, ExpectedVersion: null, [catalog.Seal(happened, id, now, origin)])], ct);
    }
}
