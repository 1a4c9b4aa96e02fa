using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.Api;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>An event that may have to be sent.</summary>
internal readonly record struct Occurred(string Id, string Type, long At);

/// <summary>All events: those of history, and those that somebody's writing caused.</summary>
internal sealed class EventLog
{
    private readonly Account account;
    private readonly PastEvents past;
    private readonly Collection all;
    private readonly ConcurrentQueue<Occurred> told = new();
    private int nextOfPast = -1;

    public EventLog(Account account, IReadOnlyList<IHappenings> sources)
    {
        this.account = account;
        past = new PastEvents(account, sources);
        all = new Collection("evt", past);
        account.Told = (type, data, at) => Tell(type, data, at);
        List = new Listing(all, 50, 200, ["id"], [new("event_type", Takes.Many)])
        {
            Hidden = static (row, now) => row.Time("occurred_at", now) < now - PastEvents.Kept,
        };
    }

    public Listing List { get; }

    /// <summary>The event as a list shows it; null when there is none.</summary>
    public JsonObject? Find(string id)
    {
        var now = account.Clock.Now;
        return all.Find(id, now)?.Render(now);
    }

    /// <returns>Its id.</returns>
    public string Tell(string type, JsonObject data, long at)
    {
        var id = account.NewId("evt", at);
        all.Put([new Stored(id, JsonSerializer.SerializeToElement(Envelope.Of(id, type, at, data.DeepClone().AsObject())))]);
        if (IsFollowed) told.Enqueue(new(id, type, at));
        return id;
    }

    /// <summary>Whether somebody takes what happens from here on.</summary>
    public bool IsFollowed => nextOfPast >= 0;

    /// <summary>From now on what happens is kept for who takes it.</summary>
    public void Follow(long now)
    {
        if (!IsFollowed) nextOfPast = past.Count(now);
    }

    public void Unfollow()
    {
        nextOfPast = -1;
        told.Clear();
    }

    /// <summary>The next that happened, in order, or null when all up to now was taken. Taken by one at a time.</summary>
    public Occurred? Take(long now)
    {
        var (isTold, count) = (told.TryPeek(out var next), past.Count(now));
        while (nextOfPast < count && !past.Exists(nextOfPast, now)) nextOfPast++;
        if (nextOfPast < count && (!isTold || past.At(nextOfPast) <= next.At))
        {
            var number = nextOfPast++;
            return new(past.Id(number), past.Type(number), past.At(number));
        }
        return isTold && told.TryDequeue(out next) ? next : null;
    }
}
