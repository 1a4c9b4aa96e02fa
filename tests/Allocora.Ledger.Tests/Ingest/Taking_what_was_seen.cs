using System.Net.Http.Json;
using Allocora.Contracts.Api;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Ingest;

public sealed class Taking_what_was_seen
{
    private const string Path = $"/api/v1/workspaces/{RunningLedger.Workspace}";

    [Fact]
    public async Task A_sale_and_its_refund_become_facts_once_however_often_they_are_told()
    {
        await using var ledger = await RunningLedger.Start();
        await using var teller = await Teller.Open(ledger.Vhost);
        var (paid, completed, refund) = (MadeUp.Sale(status: "paid", earnings: null), MadeUp.Sale(minute: 5), MadeUp.Adjustment(total: 600));
        await teller.Tell(refund.Seen(), completed.Seen(), paid.Seen(), completed.Seen(), refund.Seen(), paid.Seen());

        var facts = await Facts(ledger, 2);
        var (sale, back) = (facts.Single(f => f.Kind == "sale"), facts.Single(f => f.Kind == "refund"));
        Assert.Equal(
            ("completed", MadeUp.Dollars(1200), MadeUp.Dollars(200), MadeUp.Dollars(1000), MadeUp.Dollars(950), completed.Payout!.Earnings),
            (sale.Status, sale.Total, sale.Tax, sale.Net, sale.Earnings, sale.Payout?.Earnings));
        Assert.Equal(("DE", paid.BilledAt), (sale.Country, sale.EffectiveAt));
        Assert.Equal((MadeUp.Dollars(-600), MadeUp.Dollars(-500), "DE"), (back.Total, back.Net, back.Country));
        Assert.Equal([MadeUp.Id("pro", 1)], back.Products);

        await teller.Tell(completed.Seen(), refund.Seen(), paid.Seen(), Ended("run_01hf7yat00000000000000000c"));
        await Eventually.Sees(async _ => (long)(await ledger.Database.Ask("select count(*) from mt_events where type = 'sync_run_ended'"))!, n => n == 1);
        Assert.Equal(4L, await ledger.Database.Ask("select count(*) from mt_events")); // recorded, settled, recorded, the run
    }

    [Fact]
    public async Task A_fact_shows_the_event_it_was_read_from_and_where_that_was_seen()
    {
        await using var ledger = await RunningLedger.Start();
        await using var teller = await Teller.Open(ledger.Vhost);
        var sale = MadeUp.Sale();
        await teller.Tell(sale.Seen());
        var fact = (await Facts(ledger, 1)).Single();

        var evidence = (await ledger.As("revenue.read").GetFromJsonAsync<FactEvidence>($"{Path}/facts/{fact.Id}"))!;
        Assert.Equal(fact.Sequence, evidence.Entry.Sequence);
        Assert.Equal(("transaction_recorded", $"paddle-live-{sale.Id}"), (evidence.Entry.Type, evidence.Entry.Stream));
        Assert.Equal(MadeUp.Seen(sale), evidence.Seen);
        Assert.Equal(sale.Lines[0].Totals, evidence.Transaction!.Lines[0].Totals);
        Assert.Equal(64, evidence.Entry.Chain.Length);
    }

    [Fact]
    public async Task Facts_of_one_workspace_are_nowhere_in_another()
    {
        await using var ledger = await RunningLedger.Start();
        await using var teller = await Teller.Open(ledger.Vhost);
        await teller.Tell(MadeUp.Sale().Seen());
        var fact = (await Facts(ledger, 1)).Single();

        var other = ledger.In(RunningLedger.OtherWorkspace, "revenue.read");
        Assert.Empty((await other.GetFromJsonAsync<Page<FactDetails>>($"/api/v1/workspaces/{RunningLedger.OtherWorkspace}/facts"))!.Data);
        Assert.Equal(404, (int)(await other.GetAsync($"/api/v1/workspaces/{RunningLedger.OtherWorkspace}/facts/{fact.Id}")).StatusCode);
    }

    private static PaddleRunEnded Ended(string run) => new(run, MadeUp.Source, "live", "normal", 1, 3, new Dictionary<string, long> { ["accepted"] = 3 }, null);

    private static async Task<IReadOnlyList<FactDetails>> Facts(RunningLedger ledger, int count) => (await Eventually.Sees(
        async ct => (await ledger.As("revenue.read").GetFromJsonAsync<Page<FactDetails>>($"{Path}/facts", ct))!.Data,
        facts => facts.Count >= count && facts.All(f => f.Earnings is not null || f.Kind != "sale"))).ToList();
}
