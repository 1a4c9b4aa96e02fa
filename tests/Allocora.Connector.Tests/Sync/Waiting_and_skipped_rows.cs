using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>What cannot count yet, and what a rule leaves out, until something or somebody changes that.</summary>
public sealed class Waiting_and_skipped_rows : IAsyncLifetime
{
    private static readonly string Sale = Sample.Id("txn", 1), Refund = Sample.Id("adj", 1);
    private SyncedSource source = null!;

    public async Task InitializeAsync() =>
        source = await SyncedSource.Connect(new ConnectorWish(), new JsonObject { ["currencies"] = new JsonArray("USD") }, "--transactions", "0");

    public async Task DisposeAsync() => await source.DisposeAsync();

    [Fact]
    public async Task A_refund_of_what_is_not_paid_waits_and_counts_once_when_it_is()
    {
        await Put(Sample.Transaction(status: "ready"), Sample.Adjustment());
        var first = await source.Sync("full");
        Assert.Equal("adj_ waiting transaction-unknown, txn_ observed not-paid", await Outcomes(first.Id));
        Assert.Equal(0L, first.Outcomes.GetValueOrDefault("accepted"));

        await source.Paddle("PATCH", $"/objects/{Sale}", new JsonObject { ["status"] = "completed" });
        var second = await source.Sync();
        Assert.Equal(("succeeded", 1L), (second.State, second.Released));
        var released = Assert.Single(await source.Rows(second.Id), r => r.Released);
        Assert.Equal((Refund, "accepted", "transaction-counts-now"), (released.ProviderId, released.Outcome, released.Reason));
        Assert.Equal(second.Rows, second.Outcomes.Values.Sum());
        await source.Sync("full");
        Assert.Equal([Sale, Refund], await Told(2));
    }

    [Fact]
    public async Task The_sale_an_adjustment_waits_for_is_fetched_in_the_same_run_though_no_list_shows_it()
    {
        await source.Sync("full");
        // Made long ago, so that the window of a normal sync does not hold it.
        await Put(Sample.Transaction(), Sample.Adjustment());
        var run = await source.Sync();
        Assert.Equal(("succeeded", 1L), (run.State, run.Released));
        Assert.Equal("adj_ waiting transaction-unknown, txn_ accepted , adj_ accepted transaction-counts-now", await Outcomes(run.Id, ordered: false));
        Assert.Contains(await source.Rows(run.Id), r => r is { Lane: "awaited-transactions", Released: false } && r.ProviderId == Sale);
        Assert.Equal([Sale, Refund], await Told(2));
    }

    [Fact]
    public async Task A_sale_of_nothing_is_for_a_person_and_included_it_is_told_with_what_waited_for_it()
    {
        await Put(OfNothing(Sample.Transaction()), Sample.Adjustment());
        var run = await source.Sync("full");
        Assert.Equal("adj_ waiting transaction-skipped, txn_ skipped zero-amount", await Outcomes(run.Id));
        Assert.Equal(1L, run.ToReview);
        var row = Assert.Single(await Register());
        Assert.Equal((Sale, "zero-amount", "open"), (row.ProviderId, row.Reason, row.Status));
        Assert.Empty(source.Queue.Named(PaddleTransactionSeen.Name));

        var decided = await source.Api.PostAsJsonAsync($"{SyncedSource.Path}/skipped-rows/decisions", new DecideSkippedRequest([row.Id], "include", "A gift."));
        Assert.Equal("done", Assert.Single((await decided.Content.ReadFromJsonAsync<SkippedDecisions>())!.Results).Result);
        Assert.Equal([Sale, Refund], await Told(2));
        Assert.True((bool)source.Queue.Named(PaddleTransactionSeen.Name).Single().Json["seen"]!["included"]!);
        Assert.False((bool)source.Queue.Named(PaddleAdjustmentSeen.Name).Single().Json["seen"]!["included"]!);

        var again = await source.Sync("full");
        Assert.Equal((2L, 0L), (again.Outcomes["duplicate"], again.ToReview));
        Assert.Equal([Sale, Refund], await Told(2));
    }

    [Fact]
    public async Task What_is_sold_in_another_currency_counts_once_it_is_known_to_be_paid_out_in_ours()
    {
        var sale = Sample.Transaction().With("currency_code", "EUR").With("details.totals.currency_code", "EUR")
            .With("details.adjusted_totals.currency_code", "EUR").With("items.0.price.unit_price.currency_code", "EUR").With("details.payout_totals", null);
        await Put(sale, Sample.Adjustment(of: 7)); // and one whose sale nobody has
        var run = await source.Sync("full");
        Assert.Equal("adj_ waiting transaction-unknown, txn_ skipped currency-mismatch", await Outcomes(run.Id));
        Assert.Equal(("currency-mismatch", "open"), ((await Register())[0].Reason, (await Register())[0].Status));

        var paid = Sample.Transaction()["details"]!["payout_totals"]!.DeepClone();
        paid["currency_code"] = "USD";
        await source.Paddle("PATCH", $"/objects/{Sale}", new JsonObject { ["details"] = new JsonObject { ["payout_totals"] = paid } });
        var next = await source.Sync();
        Assert.Equal((1L, 0L), (next.Outcomes["accepted"], next.ToReview));
        var row = Assert.Single(await Register());
        Assert.Equal(("included", null, next.Id), (row.Status, row.DecidedBy, row.LastRun));
        Assert.Equal([Sale], await Told(1));
    }

    [Fact]
    public async Task The_same_account_connected_again_brings_nothing_new()
    {
        await Put(Sample.Transaction(), Sample.Transaction(2), OfNothing(Sample.Transaction(3)), Sample.Adjustment(), Sample.Adjustment(2, of: 3));
        var first = await source.Sync("full");
        Assert.Equal((3L, 1L, 1L), (first.Outcomes["accepted"], first.Outcomes["skipped"], first.Outcomes["waiting"]));
        await Told(3);
        var before = source.Id;
        Assert.Equal(HttpStatusCode.NoContent, (await source.Ask(HttpMethod.Delete, $"/sources/{before}")).Status);
        await source.Connect([]);
        Assert.NotEqual(before, source.Id);

        var again = await source.Sync("full");
        Assert.Equal(("succeeded", 0L, 5L), (again.State, again.Outcomes.GetValueOrDefault("accepted"), again.Outcomes["duplicate"]));
        Assert.Equal(3, (await Told(3)).Length);
        Assert.Equal("open", Assert.Single(await Register()).Status);
        Assert.Equal(source.Id, await source.Connector.Database.Ask("select string_agg(distinct source_id, ' ') from provider_object"));
    }

    private static JsonObject OfNothing(JsonObject sale)
    {
        foreach (var of in new[] { "totals", "payout_totals" })
            foreach (var amount in new[] { "subtotal", "discount", "tax", "total", "grand_total", "fee", "earnings" }) sale.With($"details.{of}.{amount}", "0");
        foreach (var amount in new[] { "subtotal", "discount", "tax", "total" }) sale.With($"details.line_items.0.totals.{amount}", "0");
        return sale;
    }

    private Task<JsonObject> Put(params JsonObject[] objects) => source.Paddle("POST", "/objects", new JsonArray([.. objects]));

    private async Task<string> Outcomes(string run, bool ordered = true)
    {
        var rows = (await source.Rows(run)).Select(r => $"{r.ProviderId![..4]} {r.Outcome} {r.Reason}");
        return string.Join(", ", ordered ? rows.Order(StringComparer.Ordinal) : rows);
    }

    private async Task<IReadOnlyList<SkippedRow>> Register() =>
        (await source.Api.GetFromJsonAsync<Page<SkippedRow>>($"{SyncedSource.Path}/skipped-rows"))!.Data;

    /// <summary>The objects the Ledger was told of, in the order of telling, once nothing is on its way any more.</summary>
    private async Task<string[]> Told(int atLeast)
    {
        await Eventually.Sees(_ => source.Connector.Database.Ask("select count(*) from outbox where sent_at is null"), open => open is 0L);
        return await Eventually.Sees(
            () => source.Queue.Messages.Where(m => m.Name is PaddleTransactionSeen.Name or PaddleAdjustmentSeen.Name)
                .Select(m => (string)(m.Json["transaction"] ?? m.Json["adjustment"])!["id"]!).ToArray(),
            told => told.Length >= atLeast);
    }
}
