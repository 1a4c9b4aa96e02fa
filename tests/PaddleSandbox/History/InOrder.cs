using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.History;

/// <summary>Looks for instants, and for ids by the instant they hold, among what stands in the order of its making.</summary>
internal static class InOrder
{
    /// <summary>How many were made before the instant.</summary>
    public static int Before<T>(ReadOnlySpan<T> all, long instant, Func<T, long> made)
    {
        var (low, high) = (0, all.Length);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (made(all[middle]) < instant) low = middle + 1;
            else high = middle;
        }
        return low;
    }

    public static int Find<T>(string prefix, string id, ReadOnlySpan<T> all, Func<T, long> made, Func<int, string> idOf)
    {
        if (!Ids.IsOne(prefix, id)) return -1;
        var instant = Ids.Instant(id);
        for (var at = Before(all, instant, made); at < all.Length && made(all[at]) < instant + Instants.Millisecond; at++)
        {
            if (idOf(at) == id) return at;
        }
        return -1;
    }
}
