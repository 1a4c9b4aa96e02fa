using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Events;

/// <summary>
/// The events of what happened by itself: 16 bytes each, from 90 days before somebody first asked, and on with the clock. What they show is
/// worked out when they are read.
/// </summary>
internal sealed class PastEvents(Account account, IReadOnlyList<IHappenings> sources) : IShelf
{
    public const long Kept = 90 * Instants.Day;

    private const long Ahead = Instants.Minute;

    private readonly record struct Entry(long At, int Number, byte Type, byte Teller, ushort Rank);

    private readonly Lock gate = new();
    private readonly List<string> types = [];
    private readonly List<IHappenings> tellers = [];
    private Entry[] entries = [];
    private int count;
    private long? upTo;

    public int Count(long now)
    {
        lock (gate)
        {
            if (upTo is null || now > upTo) Extend(now);
            var (low, high) = (0, count);
            while (low < high)
            {
                var middle = low + ((high - low) / 2);
                if (entries[middle].At <= now) low = middle + 1;
                else high = middle;
            }
            return low;
        }
    }

    public long At(int number) => Of(number).At;

    public string Type(int number) => types[Of(number).Type];

    // The place within the millisecond makes it the same id, however much was read before it.
    public string Id(int number)
    {
        var entry = Of(number);
        var dice = Dice.Of(account.Options.Seed).For(Purpose.Event, entry.At / Instants.Millisecond).For(Purpose.Event, entry.Rank);
        return Ids.Of("evt", entry.At, entry.Rank, dice);
    }

    public int Find(string id)
    {
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (string.CompareOrdinal(Id(middle), id) < 0) low = middle + 1;
            else high = middle;
        }
        return low < count && Id(low) == id ? low : -1;
    }

    public string? Text(int number, string field, long now) => field switch
    {
        "event_type" => Type(number),
        "event_id" or "id" => Id(number),
        "occurred_at" => Instants.Text(At(number)),
        _ => null,
    };

    public long? Time(int number, string field, long now) => field == "occurred_at" ? At(number) : null;

    public JsonObject Render(int number, long now)
    {
        var entry = Of(number);
        var teller = tellers[entry.Teller];
        var data = teller.Data(new Happening(entry.At, types[entry.Type], entry.Number, teller));
        if (account.Choices.OldEventsLackNewFields == "yes") OldFields.TakeOut(types[entry.Type], data, entry.At);
        return Envelope.Of(Id(number), types[entry.Type], entry.At, data);
    }

    private Entry Of(int number) => Volatile.Read(ref entries)[number];

    private void Extend(long now)
    {
        var after = upTo ?? ((now - Kept) / Instants.Millisecond * Instants.Millisecond) - 1;
        // A little ahead, so that history is not asked again with every look at a clock that runs; but into no other day, for with a month that
        // begins the one before it is reckoned up.
        var until = Math.Min(now + Ahead, (((now / Instants.Day) + 1) * Instants.Day) - 1);
        var (start, grown) = (count, entries);
        foreach (var one in sources.SelectMany(source => source.Between(after, until)))
        {
            if (count == grown.Length) Array.Resize(ref grown, Math.Max(1_024, count * 2));
            grown[count++] = new(one.At, one.Number, Place(types, one.Type), Place(tellers, one.From), 0);
        }
        // Those of one source that happened at once stay as it told them.
        if (sources.Count > 1) InOrder(grown, start);
        for (var at = start; at < count; at++)
        {
            var isSameMillisecond = at > 0 && grown[at - 1].At / Instants.Millisecond == grown[at].At / Instants.Millisecond;
            if (isSameMillisecond) grown[at] = grown[at] with { Rank = (ushort)(grown[at - 1].Rank + 1) };
        }
        Volatile.Write(ref entries, grown);
        upTo = until;
    }

    private void InOrder(Entry[] grown, int start)
    {
        var sorted = grown.AsSpan(start, count - start).ToArray().OrderBy(one => one.At).ToArray();
        sorted.CopyTo(grown, start);
    }

    private static byte Place<T>(List<T> among, T one)
    {
        var at = among.IndexOf(one);
        if (at >= 0) return (byte)at;
        among.Add(one);
        return checked((byte)(among.Count - 1));
    }
}

/// <summary>What is around the object of an event.</summary>
internal static class Envelope
{
    public static JsonObject Of(string id, string type, long at, JsonObject data) => new()
    {
        ["event_id"] = id,
        ["event_type"] = type,
        ["occurred_at"] = Instants.Text(at),
        ["data"] = data,
    };
}
