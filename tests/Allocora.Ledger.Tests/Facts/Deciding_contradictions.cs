using System.Net;
using System.Net.Http.Json;
using Allocora.Contracts.Api;

namespace Allocora.Ledger.Tests;

public sealed class Deciding_contradictions
{
    [Fact]
    public async Task What_contradicts_is_in_the_register_until_a_person_decides()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.Tell(MadeUp.Sale(total: 1800).Seen(), MadeUp.Sale(status: "paid", total: 1200, minute: 30, earnings: null).Seen());
        var open = Assert.Single((await ledger.Ask<Page<Contradiction>>("ledger/contradictions?status=open")).Data);
        Assert.Equal(
            ("status-went-back", MadeUp.Dollars(1800), MadeUp.Dollars(1200), "paid"), (open.Reason, open.Counts, open.Says, open.SaysStatus));
        Assert.Equal(1800, (await ledger.Facts()).Sum(f => f.Total.Minor));

        Assert.Equal("accepted", (await Decide(ledger, "accept", open.Id)).Single().Result);
        Assert.Equal("not-open", (await Decide(ledger, "accept", open.Id)).Single().Result);
        var facts = await ledger.Facts();
        Assert.Equal(1200, facts.Sum(f => f.Total.Minor));
        Assert.Equal(["original", "revision"], facts.Select(f => f.Change).Order());
        var closed = Assert.Single((await ledger.Ask<Page<Contradiction>>("ledger/contradictions")).Data);
        Assert.Equal(("accepted", RunningLedger.Person, "They said so."), (closed.Status, closed.ClosedBy, closed.Note));
        Assert.Equal(closed.Id, Assert.Single((await ledger.Ask<LedgerObject>($"ledger/objects/{MadeUp.Id("txn", 1)}")).Contradictions).Id);
    }

    [Fact]
    public async Task What_does_not_add_up_is_no_fact_before_a_person_says_so()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.Tell((MadeUp.Sale() with { Totals = MadeUp.Sale().Totals with { Tax = MadeUp.Dollars(1) } }).Seen());
        Assert.Empty(await ledger.Facts());
        var open = Assert.Single((await ledger.Ask<Page<Contradiction>>("ledger/contradictions")).Data);
        Assert.Equal(("unsound", "It cannot be true: subtotal - discount + tax is not total."), (open.Reason, open.Detail));
        Assert.Equal("accepted", (await Decide(ledger, "accept", open.Id)).Single().Result);
        Assert.Equal(MadeUp.Dollars(1200), Assert.Single(await ledger.Facts()).Total);
    }

    [Theory]
    [InlineData("keep", "They said so.", "#/decision")]
    [InlineData("accept", " ", "#/reason")]
    public async Task A_decision_that_cannot_be_understood_names_the_field(string decision, string reason, string field)
    {
        await using var ledger = await TalkingLedger.Start();
        var answer = await ledger.Api.PostAsJsonAsync(
            $"{TalkingLedger.Path}/ledger/contradictions/decisions", new { ids = new[] { "ctr_x" }, decision, reason });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"pointer\":\"{field}\"", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refund_that_was_taken_back_is_undone_by_a_line_a_person_books()
    {
        await using var ledger = await TalkingLedger.Start();
        await ledger.Tell(
            MadeUp.Sale(total: 1200).Seen(), MadeUp.Adjustment(total: 600).Seen(), MadeUp.Adjustment(total: 600, status: "reversed", minute: 60).Seen());
        Assert.Equal(600, (await ledger.Facts()).Sum(f => f.Total.Minor));
        var path = $"{TalkingLedger.Path}/ledger/reversals/{MadeUp.Id("adj", 1)}/counter-line";
        for (var twice = 0; twice < 2; twice++)
            Assert.Equal(HttpStatusCode.NoContent, (await ledger.Api.PostAsJsonAsync(path, new { reason = "Paddle took it back." })).StatusCode);
        var facts = await ledger.Facts();
        Assert.Equal((3, 1200L), (facts.Count, facts.Sum(f => f.Total.Minor)));
        Assert.True(Assert.Single((await ledger.Ask<Page<OpenReversal>>("ledger/reversals")).Data).CounterBooked);
        Assert.Equal(404, (int)(await ledger.Api.PostAsJsonAsync(path.Replace("adj_0", "adj_9", StringComparison.Ordinal), new { reason = "x" })).StatusCode);
    }

    private static async Task<IReadOnlyList<ContradictionDecision>> Decide(TalkingLedger ledger, string decision, string id)
    {
        var answer = await ledger.Api.PostAsJsonAsync(
            $"{TalkingLedger.Path}/ledger/contradictions/decisions", new { ids = new[] { id }, decision, reason = "They said so." });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<ContradictionDecisions>())!.Data;
    }
}
