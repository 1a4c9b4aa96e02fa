using System.Collections.Concurrent;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.Messaging;
using Npgsql;

namespace Allocora.Ledger;

/// <summary>The workspaces there are, as the Console's log tells.</summary>
internal sealed class Workspaces([FromKeyedServices("console_tail")] NpgsqlDataSource console, TimeProvider time)
{
    private static readonly EventCatalog Catalog = new EventCatalog().Add<WorkspaceOpened>().Add<WorkspaceChanged>();
    private static readonly TimeSpan ZoneKnownFor = TimeSpan.FromSeconds(10);
    private readonly EventFeed feed = new(console, time);
    private readonly ConcurrentDictionary<string, (string Zone, long At)> known = [];

    /// <summary>Those of them that are there. One that was there once stays.</summary>
    public async Task<IReadOnlySet<string>> AreThere(IEnumerable<string> workspaces, CancellationToken ct)
    {
        var there = new HashSet<string>();
        foreach (var workspace in workspaces.Distinct())
            if (known.ContainsKey(workspace) || await Look(workspace, ct) is not null) there.Add(workspace);
        return there;
    }

    /// <summary>The time zone in which its months begin and end, as IANA names it.</summary>
    public async Task<string> ZoneOf(string workspace, CancellationToken ct) =>
        known.TryGetValue(workspace, out var seen) && time.GetElapsedTime(seen.At) < ZoneKnownFor ? seen.Zone : await Look(workspace, ct) ?? "UTC";

    private async Task<string?> Look(string workspace, CancellationToken ct)
    {
        string? zone = null;
        try
        {
            await foreach (var stored in feed.Of(workspace, "workspace", ct))
            {
                zone = stored.Type switch
                {
                    "workspace_opened" => ((WorkspaceOpened)Catalog.Open(stored)).TimeZone,
                    "workspace_changed" => ((WorkspaceChanged)Catalog.Open(stored)).After.TimeZone,
                    _ => zone, // members and keys
                };
            }
        }
        catch (UnreadableEventException e)
        {
            throw new UnavailableException(e.Message, e); // a later release of the Console's; no message is to pay for it
        }
        if (zone is not null) known[workspace] = (zone, time.GetTimestamp());
        return zone;
    }
}
