using System.Collections.Immutable;
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

    /// <param name="Entries">More than are counted: what is beyond is only being put in.</param>
    /// <param name="UpTo">Null before anybody asked.</param>
    private sealed record Known(Entry[] Entries, int Count, ImmutableArray<string> Types, ImmutableArray<IHappenings> Tellers, long? UpTo)
    {
        public Happening Happening(int number)
        {
            var entry = Entries[number];
            return new(entry.At, Types[entry.Type], entry.Number, Tellers[entry.Teller]);
        }
    }

    private readonly Lock gate = new();
    private volatile Known known = new([], 0, [], [], null);

    public int Count(long now)
    {
        var all = Until(now);
        var (low, high) = (0, all.Count);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (all.Entries[middle].At <= now) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    // Asked each time, and not when they are put in: so the others have the same ids, whoever took over what and when.
    public bool Exists(int number, long now) => known.Happening(number) is var happening && happening.From.Happened(happening);

    public long At(int number) => known.Entries[number].At;

    public string Type(int number) => known.Happening(number).Type;

    // The place within the millisecond makes it the same id, however much was read before it.
    public string Id(int number)
    {
        var entry = known.Entries[number];
        var dice = Dice.Of(account.Options.Seed).For(Purpose.Event, entry.At / Instants.Millisecond).For(Purpose.Event, entry.Rank);
        return Ids.Of("evt", entry.At, entry.Rank, dice);
    }

    public int Find(string id)
    {
        var count = known.Count;
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
        var happening = known.Happening(number);
        var data = happening.From.Data(happening);
        if (account.Choices.OldEventsLackNewFields == "yes") OldFields.TakeOut(happening.Type, data, happening.At);
        return Envelope.Of(Id(number), happening.Type, happening.At, data);
    }

    private Known Until(long now)
    {
        if (known.UpTo >= now) return known;
        lock (gate) return known.UpTo >= now ? known : known = Extended(known, now);
    }

    private Known Extended(Known was, long now)
    {
        var after = was.UpTo ?? ((now - Kept) / Instants.Millisecond * Instants.Millisecond) - 1;
        // A little ahead, so that history is not asked again with every look at a clock that runs; but into no other day, for with a month that
        // begins the one before it is reckoned up.
        var until = Math.Min(now + Ahead, (((now / Instants.Day) + 1) * Instants.Day) - 1);
        var happened = sources.SelectMany(source => source.Between(after, until)).ToArray();
        // Those of one source that happened at once stay as it told them.
        if (sources.Count > 1) happened = [.. happened.OrderBy(one => one.At)];
        var (entries, count, types, tellers) = (was.Entries, was.Count, was.Types, was.Tellers);
        if (count + happened.Length > entries.Length) Array.Resize(ref entries, Math.Max(Math.Max(1_024, count * 2), count + happened.Length));
        foreach (var one in happened)
        {
            var isSameMillisecond = count > 0 && entries[count - 1].At / Instants.Millisecond == one.At / Instants.Millisecond;
            var rank = isSameMillisecond ? entries[count - 1].Rank + 1 : 0;
            entries[count++] = new(one.At, one.Number, Place(ref types, one.Type), Place(ref tellers, one.From), (ushort)rank);
        }
        return new(entries, count, types, tellers, until);
    }

    private static byte Place<T>(ref ImmutableArray<T> among, T one)
    {
        if (!among.Contains(one)) among = among.Add(one);
        return checked((byte)among.IndexOf(one));
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
