namespace Allocora.Connector;

/// <summary>A row of a page and what is to be done about it.</summary>
/// <param name="After">What is known of the object from then on.</param>
/// <param name="WasIncluded">By a person.</param>
internal sealed record JudgedRow(int No, ReadRow Read, Judgement Judgement, bool WasSkipped, bool WasIncluded, Known? After)
{
    public SeenRow? Row => Read.Row;
}

/// <summary>The rows of a page, judged one after the other, and what they set free.</summary>
internal sealed record JudgedPage(IReadOnlyList<JudgedRow> Rows, IReadOnlyList<AwaitingObject> Released)
{
    public PageSums Sums => new(
        Rows.GroupBy(r => Words.Of(r.Judgement.Outcome)).ToDictionary(g => g.Key, g => g.LongCount()), Rows.LongCount(r => r.Judgement.IsNews), Released.Count);

    /// <summary>Transactions in which it shows for the first time that something was reversed.</summary>
    public IReadOnlyList<string> Reversals =>
        [.. Rows.Where(r => r.Judgement.IsTold && r.Row?.Adjustment?.Action.EndsWith("_reverse", StringComparison.Ordinal) == true)
            .Select(r => r.Row!.Adjustment!.TransactionId).Distinct()];

    /// <summary>Adjustments of which the Ledger is told.</summary>
    public IReadOnlyList<SeenRow> Adjusting => [.. Rows.Where(r => r is { Row.Adjustment: not null, Judgement.IsTold: true }).Select(r => r.Row!)];

    /// <summary>Pure: the same rows on the same ground come to the same end. An object that a page holds twice is judged twice.</summary>
    public static JudgedPage Of(IReadOnlyList<ReadRow> rows, KnownObjects known, Source source)
    {
        var now = new Dictionary<string, Known>(known.All);
        var judged = new List<JudgedRow>(rows.Count);
        foreach (var (at, read) in rows.Index())
        {
            if (read.Row is not { } row)
            {
                judged.Add(new(at + 1, read, new(RowOutcome.Invalid, read.Fault, null, IsTold: false), WasSkipped: false, WasIncluded: false, After: null));
                continue;
            }
            var before = now.GetValueOrDefault(row.Id);
            var its = row.Adjustment is { } adjustment ? now.GetValueOrDefault(adjustment.TransactionId) : null;
            var judgement = Judge.Of(row, before, its, source.Terms);
            var after = Judge.After(row, before, judgement);
            judged.Add(new(at + 1, read, judgement, before?.Standing == Standing.Skipped, before?.Reason == Judge.Included, after));
            if (after is not null) now[row.Id] = after;
        }
        return new(judged, [.. known.Waiting.Where(w => now.GetValueOrDefault(w.TransactionId)?.Standing == Standing.Counts)]);
    }
}
