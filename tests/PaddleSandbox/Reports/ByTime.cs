using Allocora.PaddleSandbox.World;

namespace Allocora.PaddleSandbox.Reports;

/// <summary>
/// Rows in the order of a time, oldest first, and those of one time in the order in which they came. Of a row of history only two numbers are kept,
/// so that a million of them are small.
/// </summary>
internal sealed class ByTime(params Collection[] collections)
{
    private const long Listed = 1L << 48;

    private readonly List<(long Time, long Code)> rows = [];
    private readonly List<(int Of, Row Row)> written = [];

    public int Count => rows.Count;

    /// <param name="of">Which of the collections it is from.</param>
    public void Add(long time, int of, Row row)
    {
        rows.Add((time, row.Stored is null ? ((long)of << 32) | (uint)row.Number : Listed | (uint)written.Count));
        if (row.Stored is not null) written.Add((of, row));
    }

    public IEnumerable<(long Time, int Of, Row Row)> InOrder()
    {
        rows.Sort();
        foreach (var (time, code) in rows)
        {
            var (of, number) = ((int)(code >> 32), (int)(code & uint.MaxValue));
            var (from, row) = (code & Listed) != 0 ? written[number] : (of, new Row(collections[of], number, null));
            yield return (time, from, row);
        }
    }
}
