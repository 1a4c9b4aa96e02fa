using System.Diagnostics;
using System.Threading.Channels;
using Allocora.Contracts;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;
using EventId = Allocora.EventStore.EventId;
using EventLog = Allocora.EventStore.EventLog;

namespace Allocora.Console;

/// <summary>Writes what happened at the door into the Console's log: sign-ins, refusals, the use of keys, downloads.</summary>
internal sealed class Journal(NpgsqlDataSource worker, EventCatalog catalog, TimeProvider time)
{
    /// <summary>The workspace, as the log has it, of what happens outside of any.</summary>
    public const string Platform = "platform";

    /// <summary>The stream of what is noted on the way.</summary>
    public const string Door = "door";

    public const int QueueMax = 10_000;

    private readonly EventLog log = new(worker);
    // An attack on the door may make more events than a log can take, and must not fill the memory with them.
    private readonly Channel<Entry> noted = Channel.CreateBounded<Entry>(new BoundedChannelOptions(QueueMax) { SingleReader = true });
    private long dropped;

    internal ChannelReader<Entry> Noted => noted.Reader;

    /// <summary>Who is asking, from where, in which trace.</summary>
    public static Origin OriginOf(HttpContext http)
    {
        var caller = http.User.Identity is { IsAuthenticated: true } ? Caller.Of(http) : null;
        return new(caller?.Subject, Via: caller?.Via, RequestId: Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier,
            Ip: caller?.Ip ?? http.Connection.RemoteIpAddress?.ToString());
    }

    /// <summary>When this returns, it is in the log.</summary>
    public Task Record(string workspace, string stream, object happened, Origin origin, CancellationToken ct) =>
        log.Append([Seal(workspace, stream, happened, origin)], ct);

    /// <summary>Puts it into the log soon. Nobody waits for that; what does not fit into the queue is counted.</summary>
    public void Note(string workspace, string stream, object happened, Origin origin)
    {
        if (!noted.Writer.TryWrite(Seal(workspace, stream, happened, origin))) Dropped(1);
    }

    internal void Dropped(long count) => Interlocked.Add(ref dropped, count);

    /// <summary>How many were dropped since this was last asked, as an event; null when none was.</summary>
    internal Entry? TakeDropped() => Interlocked.Exchange(ref dropped, 0) is > 0 and var count
        ? Seal(Platform, Door, new DoorEventsDropped(count), new())
        : null;

    internal Task Append(IReadOnlyList<Entry> entries, CancellationToken ct) => log.Append(entries, ct);

    internal void Close() => noted.Writer.TryComplete();

    // Under a key, so that an append whose answer was lost can be sent again.
    private Entry Seal(string workspace, string stream, object happened, Origin origin)
    {
        var now = time.GetUtcNow();
        var key = NewId.For("jrn", now);
        return new(workspace, stream, key, ExpectedVersion: null, [catalog.Seal(happened, EventId.Of(workspace, key, 1), now, origin)]);
    }
}
