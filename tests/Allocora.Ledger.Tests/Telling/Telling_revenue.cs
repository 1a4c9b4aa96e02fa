using System.Text;
using System.Text.Json;
using Allocora.Contracts.Events;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using static Allocora.Ledger.Tests.Telling.Happenings;

namespace Allocora.Ledger.Tests.Telling;

public sealed class Telling_revenue
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    [Fact]
    public void Each_event_that_counts_is_told_under_its_name() => Assert.Equal(
        [
            "revenue.transaction.recorded.v1", "revenue.transaction.settled.v1", "revenue.transaction.revised.v1", "revenue.transaction.contradicted.v1",
            "revenue.adjustment.recorded.v1", "revenue.adjustment.reversal-expected.v1", "revenue.adjustment.counter-booked.v1",
            "revenue.adjustment.counter-booked.v1",
        ],
        Told.Select(t => Tell(t.Stream, t.Happened).Name));

    [Fact]
    public void What_concerns_no_sum_is_not_told() =>
        Assert.All(Untold, u => Assert.Empty(TellRevenue.MessagesOf(Stored(u.Stream, u.Happened))));

    [Fact]
    public void A_sale_is_told_with_its_amounts_and_where_it_was_seen()
    {
        var message = Tell(SaleId, new TransactionRecorded(Transaction, Seen));

        var told = Read<RevenueTransactionRecorded>(message);
        Assert.Equal(("live", Seen.Source, SaleId), (told.Environment, told.Source, told.ProviderId));
        Assert.Equal(new(Run, 3, 7, Seen.Content), told.Evidence);
        Assert.Equal((Billed, Updated), (told.Sale.EffectiveAt, told.Sale.ObservedAt));
        Assert.Equal(new(Usd(1000), Usd(0), Usd(200), Usd(1200), Usd(100), Usd(1100), Usd(65), Usd(935)), told.Sale.Amounts);
        Assert.Equal("0.9", told.Sale.Payout!.ExchangeRate);
        Assert.Equal(("pro_01hf7yat00000000000000000p", 2L, Usd(1200)), (told.Sale.Lines[0].ProductId, told.Sale.Lines[0].Quantity, told.Sale.Lines[0].Total));
        Assert.Equal("\"jonas\"", told.Sale.CustomData["ref"]);
    }

    [Fact]
    public void A_sale_that_was_never_billed_counts_from_when_it_came_to_be()
    {
        var message = Tell(SaleId, new TransactionRecorded(Transaction with { BilledAt = null }, Seen));

        Assert.Equal(Transaction.CreatedAt, Read<RevenueTransactionRecorded>(message).Sale.EffectiveAt);
        Assert.Equal(Transaction.CreatedAt, message.At);
    }

    [Fact]
    public void A_refund_is_told_with_amounts_below_zero_and_what_undoes_it_with_amounts_above()
    {
        var refund = Read<RevenueAdjustmentRecorded>(Tell(RefundId, new AdjustmentRecorded(Adjustment, Seen))).Adjustment;
        var booked = Read<RevenueAdjustmentCounterBooked>(Tell(RefundId, Told[^1].Happened));
        var expected = Read<RevenueAdjustmentReversalExpected>(Tell(RefundId, Told[5].Happened));

        Assert.Equal((Usd(-500), Usd(-100), Usd(-600)), (refund.EffectOnRevenue.Subtotal, refund.EffectOnRevenue.Tax, refund.EffectOnRevenue.Total));
        Assert.Equal((Usd(-30), -540L), (refund.EffectOnRevenue.Fee, refund.EffectOnRevenue.Payout!.Total.Minor));
        Assert.Equal((Usd(-500), Usd(-100), Usd(-600)),
            (refund.LineEffectsOnRevenue[0].Subtotal, refund.LineEffectsOnRevenue[0].Tax, refund.LineEffectsOnRevenue[0].Total));
        Assert.Equal((Usd(600), Usd(600)), (booked.EffectsOnRevenue[0].Total, booked.LineEffectsOnRevenue[0].Total));
        Assert.Equal(("booked", null, "live"), (booked.Cause, booked.Source, booked.Environment));
        Assert.Equal(Usd(600), expected.ExpectedEffectOnRevenue);
    }

    [Fact]
    public void Nothing_by_which_one_would_know_a_customer_is_told()
    {
        var all = string.Concat(Told.Select(t => Encoding.UTF8.GetString(Tell(t.Stream, t.Happened).Data.Span)));

        Assert.Contains("325-10566", all, StringComparison.Ordinal);
        foreach (var secret in new[] { "10115", "Jane Doe", "Secret Book", "card", "LAUNCH" }) Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
    }

    [Fact]
    public void A_revision_is_a_fact_of_its_own_and_all_else_is_about_the_sale()
    {
        var ids = Told.Where(t => t.Stream == SaleId).Select((t, i) => Tell(SaleId, t.Happened, version: i + 1).Subject!).ToList();

        Assert.Equal(2, ids.Distinct().Count());
        Assert.Equal([ids[0], ids[0], ids[0]], [ids[0], ids[1], ids[3]]);
        Assert.NotEqual(ids[2], Tell(SaleId, Told[2].Happened, version: 9).Subject);
        Assert.All(ids, id => Assert.Matches("^fct_[0-9a-hjkmnp-tv-z]{26}$", id));
        Assert.NotEqual(ids[0], Tell(SaleId, Told[0].Happened, environment: "sandbox").Subject);
    }

    // What was once sent is known to others by this id.
    [Fact]
    public void The_id_of_a_fact_does_not_change() => Assert.Equal(
        "fct_58p0ze6ckgbkcs5tbkwhk21wss", FactId.Of(RunningLedger.Workspace, "live", SaleId, part: ""));

    private static T Read<T>(OutgoingMessage message) => JsonSerializer.Deserialize<T>(message.Data.Span, Json)!;

    private static OutgoingMessage Tell(string stream, RevenueHappened happened, long version = 1, string environment = "live") =>
        Assert.Single(TellRevenue.MessagesOf(Stored(stream, happened, version, environment)));
}
