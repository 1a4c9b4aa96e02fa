using Allocora.Contracts.Api;
using Allocora.Contracts.Events;

namespace Allocora.Connector;

/// <summary>A row of the register, and what it is about, both held until the decision is written.</summary>
/// <param name="IsCurrent">It is about the version of the object that is known last.</param>
/// <param name="IsTold">The Ledger has been told of the object, in this version or an earlier one.</param>
/// <param name="Transaction">Of an adjustment.</param>
internal sealed record HeldRow(
    string Id, string Environment, string ProviderId, byte[] Revision, string Reason, string Status, bool IsCurrent, bool IsTold, string? Transaction,
    bool TransactionCounts);

/// <summary>What a person may decide about a skipped row. Nothing is counted that would have to be guessed, and nothing is uncounted here.</summary>
internal static class SkippedRules
{
    public const string Exclude = "exclude", Include = "include", Done = "done";

    private static readonly HashSet<string> Guesses = new(StringComparer.Ordinal) { Fresh.UnknownStatus, Fresh.UnknownAction, Fresh.UnknownCurrency };

    /// <returns>What becomes of each row, in the order asked, and what happened; null where nothing did.</returns>
    public static (IReadOnlyList<SkippedDecision> Results, SkippedRowsDecided? Happened) Decide(IReadOnlyList<HeldRow> held, DecideSkippedRequest asked)
    {
        var rows = held.ToDictionary(r => r.Id, StringComparer.Ordinal);
        var decided = new Dictionary<string, SkippedDecision>(StringComparer.Ordinal);
        // An adjustment may be let in together with its transaction.
        var letIn = new HashSet<(string, string)>();
        foreach (var row in held.OrderBy(r => r.Transaction is not null))
        {
            var result = asked.Decision == Include ? ToInclude(row, letIn) : ToExclude(row);
            if (result.Result == Done && asked.Decision == Include) letIn.Add((row.Environment, row.ProviderId));
            decided[row.Id] = result;
        }
        List<DecidedRow> changed =
        [
            .. held.Where(r => decided[r.Id].Result == Done)
                .Select(r => new DecidedRow(r.Id, r.ProviderId, r.Environment, Convert.ToHexStringLower(r.Revision))),
        ];
        return (
            [.. asked.Ids.Select(id => decided.GetValueOrDefault(id) ?? new(id, "not-found", null, "There is no such row in this workspace."))],
            changed.Count == 0 ? null : new(asked.Decision, asked.Reason, changed));
    }

    public static string StatusAfter(string decision) => decision == Include ? "included" : "excluded";

    private static SkippedDecision ToInclude(HeldRow row, HashSet<(string Environment, string Id)> letIn)
    {
        if (row.Status == "included") return As(row, "unchanged");
        if (Guesses.Contains(row.Reason)) return As(row, "cannot-include", "Paddle says something here that is not understood yet. It can count when it is.");
        if (!row.IsCurrent) return Changed(row);
        return row.Transaction is { } sale && !row.TransactionCounts && !letIn.Contains((row.Environment, sale))
            ? As(row, "cannot-include", "Its transaction does not count. Include that first.")
            : new(row.Id, Done, StatusAfter(Include), null);
    }

    private static SkippedDecision ToExclude(HeldRow row)
    {
        if (row.Status == "excluded") return As(row, "unchanged");
        if (row.Status == "included" || row.IsTold)
            return As(row, "already-told", "The Ledger has counted it. What is counted can be corrected there, not left out.");
        return row.IsCurrent ? new(row.Id, Done, StatusAfter(Exclude), null) : Changed(row);
    }

    private static SkippedDecision Changed(HeldRow row) => As(row, "changed-since", "Paddle has changed it since. Look at it again after the next sync.");

    private static SkippedDecision As(HeldRow row, string result, string? detail = null) => new(row.Id, result, row.Status, detail);
}
