using System.Runtime.InteropServices;
using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>Rows in the order of a time, oldest first. Of a row of history only two numbers are kept, so that a million of them are small.</summary>
internal sealed class ByTime(params Collection[] collections)
{
    private const long Listed = 1L << 48;

    private readonly List<long> times = [], codes = [];
    private readonly List<(int Of, Row Row)> written = [];

    public int Count => times.Count;

    /// <param name="of">Which of the collections it is from.</param>
    public void Add(long time, int of, Row row)
    {
        times.Add(time);
        codes.Add(row.Stored is null ? ((long)of << 32) | (uint)row.Number : Listed | (uint)written.Count);
        if (row.Stored is not null) written.Add((of, row));
    }

    public IEnumerable<(long Time, int Of, Row Row)> InOrder()
    {
        CollectionsMarshal.AsSpan(times).Sort(CollectionsMarshal.AsSpan(codes));
        for (var at = 0; at < codes.Count; at++)
        {
            var (of, number) = ((int)(codes[at] >> 32), (int)(codes[at] & uint.MaxValue));
            var (from, row) = (codes[at] & Listed) != 0 ? written[number] : (of, new Row(collections[of], number, null));
            yield return (times[at], from, row);
        }
    }
}
