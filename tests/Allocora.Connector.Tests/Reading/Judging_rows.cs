using System.Globalization;

namespace Allocora.Connector.Tests;

/// <summary>What is decided about a row, in a table: what was known, what is seen now, and what becomes of it.</summary>
public sealed class Judging_rows
{
    [Theory]
    // Seen for the first time.
    [InlineData("draft", "observed: not-paid")]
    [InlineData("ready", "observed: not-paid")]
    [InlineData("billed", "observed: not-paid")]
    [InlineData("past_due", "observed: not-paid")]
    [InlineData("canceled", "observed: not-paid")]
    [InlineData("paid", "accepted, counts, told")]
    [InlineData("completed", "accepted, counts, told")]
    [InlineData("on_hold", "skipped: unknown-status")]
    [InlineData("completed total 0", "skipped: zero-amount")]
    [InlineData("completed total -500", "accepted, counts, told")]
    [InlineData("completed in XTS", "skipped: unknown-currency")]
    [InlineData("completed in GBP", "skipped: currency-mismatch")]
    [InlineData("completed in GBP paid out in EUR", "accepted, counts, told")]
    [InlineData("completed in GBP paid out in CHF", "skipped: currency-mismatch")]
    [InlineData("completed billed before the start", "observed: before-start")]
    [InlineData("on_hold billed before the start", "skipped: unknown-status")]
    [InlineData("draft total 0", "observed: not-paid")]
    public void A_transaction_seen_for_the_first_time(string seen, string becomes) => Assert.Equal(becomes, Said(Judge.Of(Sale(seen), null, null, Terms)));

    [Theory]
    [InlineData("pending_approval", "counts", "observed: pending")]
    [InlineData("rejected", "counts", "observed: rejected")]
    [InlineData("approved", "counts", "accepted, counts, told")]
    [InlineData("reversed", "counts", "accepted, counts, told")]
    [InlineData("approved", "nothing", "waiting: transaction-unknown")]
    [InlineData("approved", "observed: not-paid", "waiting: transaction-not-paid")]
    [InlineData("approved", "observed: before-start", "waiting: transaction-before-start")]
    [InlineData("reversed", "skipped: zero-amount", "waiting: transaction-skipped")]
    [InlineData("frozen", "counts", "skipped: unknown-status")]
    [InlineData("approved as tax_holiday", "counts", "skipped: unknown-action")]
    [InlineData("approved as chargeback_warning_reverse", "counts", "accepted, counts, told")]
    [InlineData("approved total 0", "counts", "skipped: zero-amount")]
    [InlineData("approved total 0", "nothing", "skipped: zero-amount")]
    [InlineData("approved total 0 with a fee", "counts", "accepted, counts, told")]
    public void An_adjustment_seen_for_the_first_time(string seen, string transaction, string becomes) =>
        Assert.Equal(becomes, Said(Judge.Of(Change(seen), null, Before(transaction, Sale("completed")), Terms)));

    [Theory]
    // The same again, whenever.
    [InlineData("completed@2", "counts", "completed@2", "duplicate")]
    [InlineData("completed@2", "counts", "completed@9", "duplicate")]
    [InlineData("completed@2", "counts", "completed@1", "duplicate")]
    [InlineData("completed@2 total 0", "skipped: zero-amount", "completed@2 total 0", "duplicate")]
    [InlineData("completed@2 total 0", "counts: included", "completed@3 total 0", "duplicate")]
    [InlineData("completed@2 in GBP", "counts", "completed@2 in GBP", "duplicate")]
    // The same, but the rules are others now.
    [InlineData("completed@2", "skipped: currency-mismatch", "completed@2", "accepted, counts, told")]
    [InlineData("completed@2", "skipped: excluded", "completed@2", "duplicate")]
    [InlineData("completed@2", "observed: before-start", "completed@2", "accepted, counts, told")]
    [InlineData("completed@2 total 0", "skipped: currency-mismatch", "completed@2 total 0", "skipped: zero-amount")]
    [InlineData("ready@2", "observed: not-paid", "ready@2", "duplicate")]
    // Newer than what is known.
    [InlineData("paid@1", "counts", "completed@2", "accepted, counts, told")]
    [InlineData("ready@1", "observed: not-paid", "paid@2", "accepted, counts, told")]
    [InlineData("completed@1", "counts", "completed@2 fee 7", "accepted, counts, told")]
    [InlineData("completed@1", "skipped: currency-mismatch", "completed@2 in GBP paid out in EUR", "accepted, counts, told")]
    [InlineData("completed@1 in GBP", "skipped: excluded", "completed@2 in GBP fee 7", "skipped: currency-mismatch")]
    // What the Ledger counts it hears of, whatever the rules; what a person let in is for a person again.
    [InlineData("paid@1", "counts", "completed@2 total 0", "accepted, counts, told")]
    [InlineData("paid@1 in GBP", "counts", "completed@2 in GBP", "accepted, counts, told")]
    [InlineData("paid@1 total 0", "counts: included", "completed@2 total 0", "skipped: zero-amount")]
    [InlineData("paid@1 in GBP", "counts: included", "canceled@2 in GBP", "conflict: status-went-back, told")]
    // Older than what is known.
    [InlineData("completed@3", "counts", "paid@2", "stale")]
    [InlineData("completed@3", "counts", "completed@2 fee 7", "stale")]
    [InlineData("ready@3", "observed: not-paid", "draft@2", "stale")]
    [InlineData("completed@3", "counts", "completed@2 total 0", "stale")]
    // As old as what is known.
    [InlineData("paid@2", "counts", "completed@2", "accepted, counts, told")]
    [InlineData("completed@2", "counts", "paid@2", "stale")]
    [InlineData("ready@2", "observed: not-paid", "canceled@2", "conflict, observed: same-time-other-content")]
    // Newer, and no longer money.
    [InlineData("completed@1", "counts", "canceled@2", "conflict: status-went-back, told")]
    [InlineData("completed@1", "counts", "ready@2", "conflict: status-went-back, told")]
    [InlineData("completed@1", "counts", "paid@2", "conflict: status-went-back, told")]
    [InlineData("completed@1", "counts", "on_hold@2", "conflict: unknown-status, told")]
    [InlineData("canceled@2", "observed: not-paid", "paid@1", "conflict, counts: status-went-back, told")]
    [InlineData("completed@1 total 0", "skipped: zero-amount", "canceled@2 total 0", "observed: not-paid")]
    [InlineData("past_due@1", "observed: not-paid", "canceled@2", "observed: not-paid")]
    [InlineData("billed@1", "observed: not-paid", "ready@2", "observed: not-paid")]
    public void A_transaction_seen_again(string before, string stood, string seen, string becomes) =>
        Assert.Equal(becomes, Said(Judge.Of(Sale(seen), Before(stood, Sale(before)), null, Terms)));

    [Theory]
    [InlineData("approved@1", "waiting: transaction-unknown", "approved@1", "counts", "accepted, counts, told")]
    [InlineData("approved@1", "waiting: transaction-unknown", "approved@1", "observed: not-paid", "duplicate")]
    [InlineData("pending_approval@1", "observed: pending", "approved@2", "counts", "accepted, counts, told")]
    [InlineData("pending_approval@1", "observed: pending", "rejected@2", "counts", "observed: rejected")]
    [InlineData("approved@1", "counts", "reversed@2", "counts", "accepted, counts, told")]
    [InlineData("approved@1", "counts", "reversed@2", "skipped: zero-amount", "accepted, counts, told")]
    [InlineData("approved@1", "counts", "rejected@2", "counts", "conflict: status-went-back, told")]
    [InlineData("reversed@1", "counts", "approved@2", "counts", "conflict: status-went-back, told")]
    [InlineData("approved@1", "waiting: transaction-not-paid", "rejected@2", "observed: not-paid", "observed: rejected")]
    [InlineData("rejected@2", "observed: rejected", "approved@1", "observed: not-paid", "stale")]
    [InlineData("approved@1", "counts", "pending_approval@1", "counts", "stale")]
    public void An_adjustment_seen_again(string before, string stood, string seen, string transaction, string becomes) =>
        Assert.Equal(becomes, Said(Judge.Of(Change(seen), Before(stood, Change(before)), Before(transaction, Sale("completed")), Terms)));

    [Fact]
    public void Of_two_contents_of_the_same_time_one_wins_in_either_order()
    {
        var (a, b) = (Sale("completed@2"), Sale("completed@2 fee 7"));
        var (ab, ba) = (Judge.Of(b, Before("counts", a), null, Terms), Judge.Of(a, Before("counts", b), null, Terms));
        var winnerIsB = b.Revision.AsSpan().SequenceCompareTo(a.Revision) > 0;
        Assert.Equal("conflict, counts: same-time-other-content, told", Said(winnerIsB ? ab : ba));
        Assert.Equal("conflict: same-time-other-content, told", Said(winnerIsB ? ba : ab));
    }

    [Fact]
    public void After_a_conflict_the_reason_why_it_is_left_out_is_kept()
    {
        var (a, b) = (Sale("on_hold@2"), Sale("on_hold@2 fee 7"));
        if (b.Revision.AsSpan().SequenceCompareTo(a.Revision) < 0) (a, b) = (b, a);
        var judged = Judge.Of(b, Before("skipped: unknown-status", a), null, Terms);
        Assert.Equal(("same-time-other-content", "unknown-status"), (judged.Reason, judged.StandingReason));
        var known = Judge.After(b, Before("skipped: unknown-status", a), judged);
        Assert.Equal("duplicate", Said(Judge.Of(b, known, null, Terms)));
    }

    [Fact]
    public void Seen_again_an_object_is_never_known_to_be_older_than_it_was()
    {
        var (early, late) = (Sale("completed@1"), Sale("completed@3"));
        // Judged anew by other rules, of an earlier sight of the same version.
        var known = Before("skipped: currency-mismatch", late)!;
        var judged = Judge.Of(early, known, null, Terms);
        Assert.Equal("accepted, counts, told", Said(judged));
        Assert.Equal(late.UpdatedAt, Judge.After(early, known, judged)!.UpdatedAt);
        // And a duplicate that is later counts as later.
        known = Before("counts", early)!;
        Assert.Equal(late.UpdatedAt, Judge.After(late, known, Judge.Of(late, known, null, Terms))!.UpdatedAt);
    }

    [Theory]
    [InlineData("completed@2 left 1990", "counts", "completed@2 left 1990", "duplicate")]
    [InlineData("completed@2 left 1990", "counts", "completed@2 left 0", "duplicate, told")]
    [InlineData("completed@2 left 1990", "counts", "completed@3 left 2090", "duplicate, told")]
    [InlineData("completed@2 left 1990", "counts: included", "completed@2 left 0", "duplicate, told")]
    [InlineData("completed@2 left 1990", "counts", "completed@1 left 2090", "duplicate")]
    [InlineData("completed@2 left 1990", "skipped: excluded", "completed@2 left 0", "duplicate")]
    [InlineData("completed@2 left 1990", "observed: before-start", "completed@2 left 0", "accepted, counts, told")]
    [InlineData("ready@2 left 1990", "observed: not-paid", "ready@2 left 0", "duplicate")]
    public void Another_amount_is_left_of_the_same_sale(string before, string stood, string seen, string becomes) =>
        Assert.Equal(becomes, Said(Judge.Of(Sale(seen), Before(stood, Sale(before)), null, Terms)));

    [Fact]
    public void What_is_left_of_a_sale_is_known_from_its_last_sight()
    {
        var known = Before("counts", Sale("completed@2 left 1990"))!;
        Assert.Equal(0, After(Sale("completed@3 left 0")).Left);
        Assert.Equal(1990, After(Sale("completed@1 left 0")).Left);
        Assert.Equal(7, After(Sale("completed@3 left 7 fee 9")).Left);
        Assert.Equal(1990, After(Sample.Transaction().With("details.adjusted_totals", null).With("updated_at", At("completed@3")).Seen()).Left);

        Known After(SeenRow row) => Judge.After(row, known, Judge.Of(row, known, null, Terms))!;
    }

    [Fact]
    public void A_skip_says_what_and_how_much()
    {
        Assert.Equal(
            new Skip(
                "currency-mismatch", "It is in GBP, the source takes USD, EUR.", new(2090, Contracts.Currency.Parse("GBP")),
                Sale("paid").Transaction!.BilledAt!.Value),
            Judge.Of(Sale("completed in GBP"), null, null, Terms).Skip);
        Assert.Null(Judge.Of(Sale("completed"), null, null, Terms).Skip);
        Assert.Equal("zero-amount", Judge.Of(Sale("completed@2 total 0"), Before("counts: included", Sale("paid@1 total 0")), null, Terms).Skip!.Reason);
    }

    [Fact]
    public void A_source_without_a_list_of_currencies_takes_all() =>
        Assert.Equal("accepted, counts, told", Said(Judge.Of(Sale("completed in GBP"), null, null, Sample.All)));

    private static readonly SourceTerms Terms = new(["USD", "EUR"], new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero), []);

    private static SeenRow Sale(string words)
    {
        var parts = words.Split(' ', 2);
        var row = Sample.Transaction(status: parts[0].Split('@')[0]).With("updated_at", At(parts[0]));
        var rest = parts.ElementAtOrDefault(1) ?? "";
        row.With("details.totals.total", After(rest, "total") ?? "2090");
        if (After(rest, "left") is { } left) row.With("details.adjusted_totals.total", left);
        if (After(rest, "fee") is { } fee) row.With("details.totals.fee", fee);
        if (rest.Contains("before the start", StringComparison.Ordinal)) row.With("billed_at", "2025-12-31T23:59:59Z");
        if (rest.StartsWith("in ", StringComparison.Ordinal))
        {
            row.With("currency_code", After(rest, "in")).With("details.totals.currency_code", null).With("details.adjusted_totals", null);
            if (After(rest, "paid out in") is { } paidOut) row.With("details.payout_totals.currency_code", paidOut);
            else row.With("details.payout_totals", null);
        }
        return row.Seen();
    }

    private static SeenRow Change(string words)
    {
        var parts = words.Split(' ', 2);
        var rest = parts.ElementAtOrDefault(1) ?? "";
        var row = Sample.Adjustment(status: parts[0].Split('@')[0], action: After(rest, "as") ?? "refund").With("updated_at", At(parts[0]));
        if (After(rest, "total") is { } total) row.With("totals.total", total).With("payout_totals.fee", "0").With("payout_totals.retained_fee", null);
        if (rest.Contains("with a fee", StringComparison.Ordinal)) row.With("payout_totals.chargeback_fee", Sample.Object("""{"amount":"1500"}"""));
        return row.Seen();
    }

    private static string At(string word) => $"2026-03-0{(word.Contains('@', StringComparison.Ordinal) ? word[^1] : '1')}T12:00:00Z";

    private static string? After(string words, string name)
    {
        var at = words.StartsWith(name + " ", StringComparison.Ordinal) ? 0 : words.IndexOf($" {name} ", StringComparison.Ordinal) + 1;
        return at == 0 && !words.StartsWith(name + " ", StringComparison.Ordinal) ? null : words[(at + name.Length + 1)..].Split(' ')[0];
    }

    private static Known? Before(string stood, SeenRow row)
    {
        if (stood == "nothing") return null;
        var parts = stood.Split(": ");
        return new(row.Status, row.UpdatedAt, row.Revision, Enum.Parse<Standing>(parts[0], ignoreCase: true), parts.ElementAtOrDefault(1))
        {
            Left = row.Transaction?.AdjustedTotal?.Minor,
        };
    }

    private static string Said(Judgement judged)
    {
        var (outcome, standing) = (Word(judged.Outcome), judged.Standing is { } s ? Word(s) : null);
        Assert.Equal(standing == "skipped" && judged.Reason != Judge.SameTime, judged.Skip is not null);
        return outcome + (standing is null || standing == outcome ? "" : $", {standing}") + (judged.Reason is null ? "" : $": {judged.Reason}")
            + (judged.IsTold ? ", told" : "");
    }

    private static string Word<T>(T value) where T : Enum => string.Create(CultureInfo.InvariantCulture, $"{value}").ToLowerInvariant();
}
