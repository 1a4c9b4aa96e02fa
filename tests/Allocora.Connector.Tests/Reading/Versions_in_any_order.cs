using System.Globalization;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>Whatever versions of an object were seen, in whatever order and however often: in the end the same is known of it.</summary>
public sealed class Versions_in_any_order
{
    private static readonly SourceTerms Terms = new(["USD"], null, []);
    private static readonly string[] OfSale = ["draft", "ready", "billed", "past_due", "paid", "completed", "canceled", "on_hold"];
    private static readonly string[] OfChange = ["pending_approval", "approved", "rejected", "reversed", "frozen"];

    [Theory]
    [InlineData("that counts")]
    [InlineData("of nothing")]
    [InlineData("in another currency")]
    public void Of_a_transaction(string which) => Check(Versions(OfSale, status => which switch
    {
        "of nothing" => Sample.Transaction(status: status).With("details.totals.total", "0"),
        "in another currency" => Sample.Transaction(status: status).With("currency_code", "GBP").With("details.totals.currency_code", "GBP")
            .With("details.adjusted_totals", null).With("details.payout_totals", null),
        _ => Sample.Transaction(status: status),
    }), itsTransaction: null);

    [Theory]
    [InlineData(null)]
    [InlineData("Counts")]
    [InlineData("Skipped")]
    public void Of_an_adjustment(string? itsTransaction) => Check(
        Versions(OfChange, status => Sample.Adjustment(status: status)),
        itsTransaction is null ? null : new("completed", DateTimeOffset.UnixEpoch, [1], Enum.Parse<Standing>(itsTransaction), null));

    private static List<SeenRow> Versions(string[] statuses, Func<string, System.Text.Json.Nodes.JsonObject> make) =>
    [
        .. from status in statuses
           from at in Enumerable.Range(1, 4)
           from fee in Enumerable.Range(1, 3)
           let row = make(status).With("updated_at", string.Create(CultureInfo.InvariantCulture, $"2026-03-0{at}T00:00:00Z"))
           let kind = row.ContainsKey("action") ? "totals.fee" : "details.totals.fee"
           select row.With(kind, fee.ToString(CultureInfo.InvariantCulture)).Seen(),
    ];

    private static void Check(List<SeenRow> versions, Known? itsTransaction)
    {
        var random = new Random(20261121);
        for (var round = 0; round < TestSize.Of(20_000, 5_000); round++)
        {
            SeenRow[] seen = [.. Enumerable.Range(0, random.Next(2, 6)).Select(_ => versions[random.Next(versions.Count)])];
            var first = Fold(seen, itsTransaction);
            for (var again = 0; again < 6; again++)
            {
                SeenRow[] shuffled = [.. seen, .. seen.Where(_ => random.Next(2) == 0)];
                random.Shuffle(shuffled);
                var other = Fold(shuffled, itsTransaction);
                Assert.True(first == other, $"{Words(seen)}\nends with {first},\n{Words(shuffled)}\nwith {other}.");
            }
        }
    }

    private static (string, DateTimeOffset, string, Standing, string?) Fold(SeenRow[] rows, Known? itsTransaction)
    {
        Known? known = null;
        foreach (var row in rows)
            known = Judge.After(row, known, Judge.Of(row, known, itsTransaction, Terms));
        return (known!.Status, known.UpdatedAt, Convert.ToHexStringLower(known.Revision)[..8], known.Standing, known.Reason);
    }

    private static string Words(SeenRow[] rows) => string.Join(
        ", ", rows.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Status}@{r.UpdatedAt.Day} {Convert.ToHexStringLower(r.Revision)[..4]}")));
}
