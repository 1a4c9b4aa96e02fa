using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox.World;

/// <summary>All objects of one kind: what history made, and over it what was written since.</summary>
/// <param name="groupBy">A field by which written objects are found together.</param>
internal sealed class Collection(string prefix, IShelf shelf, string? groupBy = null)
{
    private sealed record Written(
        ImmutableSortedSet<string> Ids, ImmutableDictionary<string, Stored> ById, ImmutableDictionary<string, ImmutableSortedSet<string>> Groups);

    private sealed record Counted(Written Of, long At, int Count);

    private readonly ConcurrentDictionary<string, Counted> estimates = new();
    private Written written = new(None, ImmutableDictionary<string, Stored>.Empty, ImmutableDictionary<string, ImmutableSortedSet<string>>.Empty);

    private static ImmutableSortedSet<string> None => ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    public string Prefix => prefix;

    public IShelf Shelf => shelf;

    /// <summary>Gets each object just before it is written.</summary>
    public Action<Stored>? Writing { get; set; }

    public Row? Find(string? id, long now)
    {
        if (id is null) return null;
        if (written.ById.TryGetValue(id, out var stored)) return new Row(this, -1, stored);
        return shelf.Find(id) is >= 0 and var number && number < shelf.Count(now) && shelf.Exists(number, now)
            ? new Row(this, number, null)
            : null;
    }

    /// <summary>The same collection, that no later write changes.</summary>
    public Collection Snapshot() => new(prefix, shelf) { written = written };

    /// <summary>What was written, in the order of the ids.</summary>
    public IEnumerable<Stored> AllWritten()
    {
        var snapshot = written;
        foreach (var id in snapshot.Ids) yield return snapshot.ById[id];
    }

    public int Size(long now) => shelf.Count(now) + written.Ids.Count;

    public Stored Put(JsonObject json, bool isVerbatim = false)
    {
        var stored = Stored.Of(json, isVerbatim);
        Put([stored]);
        return stored;
    }

    public void Put(IReadOnlyCollection<Stored> many)
    {
        if (Writing is { } tell)
        {
            foreach (var one in many) tell(one);
        }
        ImmutableInterlocked.Update(ref written, Add, many);
    }

    /// <summary>The ids of the written objects of one group, those that were written over history's too.</summary>
    public IReadOnlyCollection<string> Group(string key) => written.Groups.GetValueOrDefault(key, None);

    /// <summary>What was written by now, to go back to.</summary>
    public object Mark() => written;

    public void Restore(object mark) => written = (Written)mark;

    private Written Add(Written was, IReadOnlyCollection<Stored> many)
    {
        var groups = was.Groups;
        if (groupBy is not null)
        {
            foreach (var group in many.GroupBy(one => one.Text(groupBy) ?? ""))
                groups = groups.SetItem(group.Key, groups.GetValueOrDefault(group.Key, None).Union(group.Select(one => one.Id)));
        }
        return new(was.Ids.Union(many.Select(one => one.Id)), was.ById.SetItems(many.Select(one => KeyValuePair.Create(one.Id, one))), groups);
    }

    /// <summary>About how many rows match: counted again when something was written, or ten seconds later.</summary>
    /// <param name="shape">What was asked, without the cursor.</param>
    /// <param name="now">When.</param>
    /// <param name="matching">All that match.</param>
    public int Estimate(string shape, long now, Func<IEnumerable<Row>> matching)
    {
        if (estimates.TryGetValue(shape, out var last) && last.Of == written && now - last.At < 10 * Instants.Second) return last.Count;
        if (estimates.Count > 100) estimates.Clear();
        var counted = new Counted(written, now, matching().Count());
        estimates[shape] = counted;
        return counted.Count;
    }

    /// <summary>The objects in the order of their ids, without the ones up to and with the given id.</summary>
    /// <param name="since">Of history, those without any time from then on need not come.</param>
    public IEnumerable<Row> Scan(long now, bool ascending, string? after = null, long since = long.MinValue)
    {
        var (snapshot, count, step) = (written, shelf.Count(now), ascending ? 1 : -1);
        var number = ascending ? 0 : count - 1;
        var place = ascending ? 0 : snapshot.Ids.Count - 1;
        if (after is not null)
        {
            var (below, present) = Below(after, count);
            number = ascending ? below + (present ? 1 : 0) : below - 1;
            var at = snapshot.Ids.IndexOf(after);
            place = ascending ? (at < 0 ? ~at : at + 1) : (at < 0 ? ~at : at) - 1;
        }
        while (true)
        {
            if (since > long.MinValue && number >= 0 && number < count) number = shelf.Skip(number, step, since);
            var (fromHistory, fromWritten) = (number >= 0 && number < count, place >= 0 && place < snapshot.Ids.Count);
            if (!fromHistory && !fromWritten) yield break;
            if (fromHistory && !shelf.Exists(number, now))
            {
                number += step;
                continue;
            }
            if (snapshot.Ids.Count == 0)
            {
                yield return new Row(this, number, null);
                number += step;
                continue;
            }
            var order = !fromHistory ? 1 : !fromWritten ? -1 : string.CompareOrdinal(shelf.Id(number), snapshot.Ids[place]) * step;
            if (order <= 0) number += step;
            if (order >= 0)
            {
                yield return new Row(this, -1, snapshot.ById[snapshot.Ids[place]]);
                place += step;
            }
            else
            {
                yield return new Row(this, number - step, null);
            }
        }
    }

    // How many of history's ids are below, and whether the next one is the id itself.
    private (int Below, bool Present) Below(string id, int count)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (string.CompareOrdinal(shelf.Id(middle), id) < 0) low = middle + 1;
            else high = middle;
        }
        return (low, low < count && shelf.Id(low) == id);
    }
}

/// <summary>One object in a list, not rendered yet.</summary>
internal readonly struct Row(Collection collection, int number, Stored? stored)
{
    /// <summary>Its number on the shelf; −1 for a written one.</summary>
    public int Number => number;

    public Stored? Stored => stored;

    public string Id => stored?.Id ?? collection.Shelf.Id(number);

    public string? Text(string field, long now) => stored is null ? collection.Shelf.Text(number, field, now) : stored.Text(field);

    public long? Time(string field, long now) => stored is null ? collection.Shelf.Time(number, field, now) : stored.Time(field);

    /// <summary>What history says of an object of its own, whether or not that was changed since; null for all others.</summary>
    public long? TimeInHistory(string field, long now) =>
        (stored is null ? number : collection.Shelf.Find(stored.Id)) is >= 0 and var past ? collection.Shelf.Time(past, field, now) : null;

    public JsonObject Render(long now) => stored is null ? collection.Shelf.Render(number, now) : stored.Render();
}
