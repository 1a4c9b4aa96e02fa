using System.Text.Json.Nodes;
using Allocora.PaddleSandbox.History;
using Allocora.PaddleSandbox.World;
using Allocora.Testing;

namespace Allocora.PaddleSandbox;

/// <summary>The past goes on by itself while the clock advances, and never back.</summary>
public sealed class What_happened
{
    private static readonly Options Options = new() { Transactions = 1_200, Seed = 21 };
    private static readonly Past Past = Past.Of(Options);
    private static readonly string[] Order = ["draft", "ready", "billed", "past_due", "paid", "completed"];

    [Fact]
    public void No_stage_is_ever_taken_back_and_nothing_is_there_before_it_was_made()
    {
        for (var number = 0; number < Past.Transactions.Count(Options.Until); number += 1)
        {
            var created = Past.Transactions.Time(number, "created_at", 0)!.Value;
            Assert.Equal(number, Past.Transactions.Count(created - 1));
            Assert.Equal(number + 1, Past.Transactions.Count(created));
            var (rank, updated) = (-1, 0L);
            foreach (var wait in (long[])[0, 1, 5, 30, 60, 120, 600, 3_600, 86_400, 10 * 86_400, 40 * 86_400, 120 * 86_400])
            {
                var now = created + (wait * Instants.Second);
                var (status, last) = (Past.Transactions.Text(number, "status", now)!, Past.Transactions.Time(number, "updated_at", now)!.Value);
                var next = status == "canceled" ? 9 : Array.IndexOf(Order, status);
                Assert.True(next >= rank && last >= updated && last <= now && last >= created, $"{number} is {status} after {Order[Math.Max(0, rank % 6)]}");
                Assert.Equal(status == "completed", Past.Transactions.Time(number, "settled_at", now) is not null);
                if (status is "draft" or "ready") Assert.Null(Past.Transactions.Time(number, "billed_at", now));
                if (status is "billed" or "past_due" or "paid" or "completed") Assert.NotNull(Past.Transactions.Time(number, "billed_at", now));
                (rank, updated) = (next, last);
            }
        }
    }

    [Fact]
    public void What_is_told_is_what_the_object_became()
    {
        var told = Past.Between(long.MinValue / 4, long.MaxValue / 4);
        var kinds = new HashSet<string>();
        foreach (var happening in told)
        {
            var (data, status) = (Past.Data(happening), happening.Type.Split('.')[1]);
            kinds.Add(happening.Type);
            if (happening.Type.StartsWith("adjustment", StringComparison.Ordinal)) CheckAdjustment(happening, data, status);
            else CheckTransaction(happening, data, status);
        }
        Assert.Equal(
            [
                "adjustment.created", "adjustment.updated", "transaction.billed", "transaction.canceled", "transaction.completed", "transaction.created",
                "transaction.paid", "transaction.past_due", "transaction.payment_failed", "transaction.ready", "transaction.revised", "transaction.updated",
            ], kinds.Order(StringComparer.Ordinal));
        Assert.Equal(Options.Transactions, told.Count(one => one.Type == "transaction.created"));
        var end = Options.Until + (400 * Instants.Day);
        var completed = Enumerable.Range(0, Options.Transactions).Count(number => Past.Transactions.Text(number, "status", end) == "completed");
        Assert.Equal(completed, told.Count(one => one.Type == "transaction.completed"));
    }

    [Fact]
    public void Windows_side_by_side_tell_everything_once_and_in_order()
    {
        var (from, to) = (Options.Until - (200 * Instants.Day), Options.Until + (200 * Instants.Day));
        var parts = new List<Happening>();
        for (var at = from; at < to; at += 7 * Instants.Hour * 5) parts.AddRange(Past.Between(at, Math.Min(to, at + (7 * Instants.Hour * 5))));

        var whole = Past.Between(from, to);

        Assert.Equal(whole.Select(one => (one.At, one.Type, one.Number)), parts.Select(one => (one.At, one.Type, one.Number)));
        Assert.True(whole.Count > 500);
        for (var at = 1; at < whole.Count; at++) Assert.True(whole[at - 1].At <= whole[at].At);
    }

    [Fact]
    public void Some_are_seen_with_their_fee_before_they_complete_and_some_updates_overtake()
    {
        var told = Past.Between(long.MinValue / 4, long.MaxValue / 4);
        var completed = told.Where(one => one.Type == "transaction.completed").ToDictionary(one => one.Number, one => one.At);
        var updates = told.Where(one => one.Type == "transaction.updated").ToArray();

        Assert.Contains(updates, one => one.At < completed[one.Number] && (string)Past.Data(one)["status"]! == "completed");
        Assert.Contains(updates, one => (string)Past.Data(one)["status"]! == "paid" && Past.Data(one).Of("details")["payout_totals"] is not null);
        Assert.Contains(told, one => one.Type == "transaction.paid" && Past.Data(one).Of("details").Of("totals")["fee"] is null);
    }

    [Fact]
    public void A_reversal_flips_its_original_at_the_same_instant_and_is_told_only_when_that_is_chosen()
    {
        var past = Past.Of(Options with { Transactions = TestSize.Of(60_000) });
        var end = Options.Until + (900 * Instants.Day);
        var (flips, numbers) = (0, Enumerable.Range(0, past.Adjustments.Count(end)).ToArray());
        foreach (var number in numbers.Where(one => past.Adjustments.Text(one, "status", end) == "reversed"))
        {
            var at = past.Adjustments.Time(number, "updated_at", end)!.Value;
            var transaction = past.Adjustments.Text(number, "transaction_id", end);
            var other = numbers.Single(one => past.Adjustments.Time(one, "created_at", end) == at);
            Assert.Equal(("approved", "reversed"), (past.Adjustments.Text(number, "status", at - 1), past.Adjustments.Text(number, "status", at)));
            Assert.Equal((transaction, past.Adjustments.Text(number, "action", end) + "_reverse"),
                (past.Adjustments.Text(other, "transaction_id", end), past.Adjustments.Text(other, "action", end)));
            var (original, reverse) = (past.Adjustments.Render(number, end), past.Adjustments.Render(other, end));
            Assert.Equal(-long.Parse((string)original.Of("payout_totals")["earnings"]!), long.Parse((string)reverse.Of("payout_totals")["earnings"]!));
            flips++;
        }
        Assert.True(flips > 3);
        int Told() => past.Between(Options.Until - (800 * Instants.Day), end)
            .Count(one => one.Type == "adjustment.updated" && (string)past.Data(one)["status"]! == "reversed");
        Assert.Equal(0, Told());
        past.Choices = () => new Choices { ReversedIsTold = "yes" };
        Assert.Equal(flips, Told());
    }

    [Fact]
    public void The_retained_fee_is_in_the_earnings_only_when_that_is_chosen()
    {
        var past = Past.Of(Options);
        var number = Enumerable.Range(0, past.Adjustments.Count(Options.Until)).First(one =>
            (string)past.Adjustments.Render(one, Options.Until).Of("totals")["retained_fee"]! != "0");
        var before = past.Adjustments.Render(number, Options.Until).Of("totals");

        past.Choices = () => new Choices { EarningsHoldRetainedFee = "yes" };
        var after = past.Adjustments.Render(number, Options.Until).Of("totals");

        Assert.Equal(long.Parse((string)before["earnings"]!) + long.Parse((string)before["retained_fee"]!), long.Parse((string)after["earnings"]!));
        Assert.Equal((string)before["fee"]!, (string)after["fee"]!);
    }

    [Fact]
    public void Taking_back_changes_the_time_of_the_transaction_only_when_that_is_chosen()
    {
        var past = Past.Of(Options);
        var number = Enumerable.Range(0, Options.Transactions).First(one => past.AdjustmentsOf(one) is [var only]
            && past.Adjustments.Text(only, "status", Options.Until) == "approved" && past.Adjustments.Text(only, "action", Options.Until) == "refund");
        var settled = past.Adjustments.Time(past.AdjustmentsOf(number)[0], "settled_at", Options.Until)!.Value;

        Assert.InRange(past.Transactions.Time(number, "updated_at", Options.Until)!.Value, 0, settled - 1);
        past.Choices = () => new Choices { AdjustingTouchesTransaction = "yes" };
        Assert.Equal(settled, past.Transactions.Time(number, "updated_at", Options.Until));
        Assert.Equal(Instants.Text(settled), (string)past.Transactions.Render(number, Options.Until)["updated_at"]!);
    }

    private static void CheckTransaction(Happening happening, JsonObject data, string status)
    {
        var now = (string)data["status"]!;
        var expected = status switch
        {
            "created" => now is "draft" or "billed",
            "updated" => now is "paid" or "completed",
            "revised" => now == "completed" && data["revised_at"] is not null,
            "payment_failed" => now is "ready" or "billed" && (string)data["payments"]![0]!["status"]! == "error",
            _ => now == status,
        };
        Assert.True(expected, $"{happening.Type} of {data["id"]} shows {now}");
        if (status is not ("updated" or "created")) Assert.Equal(happening.At, Instants.Parse((string)data["updated_at"]!));
    }

    private static void CheckAdjustment(Happening happening, JsonObject data, string status)
    {
        Assert.Equal(happening.At, Instants.Parse((string)data["updated_at"]!));
        if (status == "created") Assert.Equal(happening.At, Instants.Parse((string)data["created_at"]!));
        else Assert.Contains((string)data["status"]!, (string[])["approved", "rejected"]);
        if (status == "updated") Assert.Equal("refund", (string)data["action"]!);
    }
}
