using Allocora.Contracts.Api;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

public sealed class Deciding_about_skipped_rows : IAsyncLifetime
{
    private ConnectorDatabase database = null!;
    private SkippedCommands commands = null!;

    public async Task InitializeAsync()
    {
        database = await ConnectorDatabase.Create();
        commands = new(database.App, TimeProvider.System);
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Included_a_sale_counts_with_what_waited_for_it_and_the_Ledger_is_told_of_the_sale_first()
    {
        var row = await database.Skipped("txn_1");
        await database.Object("adj_2", "waiting", "transaction-skipped", "txn_1");
        await database.Object("adj_1", "waiting", "transaction-skipped", "txn_1");
        await database.Object("adj_3", "observed", "rejected", "txn_1");
        await database.Object("adj_4", "waiting", "transaction-unknown", "txn_2");
        Assert.Equal("done", await Decide("include", row));

        Assert.Equal("txn_1 counts included, adj_1 counts, adj_2 counts, adj_3 observed rejected, adj_4 waiting transaction-unknown", await Objects());
        Assert.Equal("transaction txn_1 true run_2 own, adjustment adj_1 false run_2 own, adjustment adj_2 false run_2 own", await Told());
        Assert.Equal("included usr_1 because", await database.Ask("select concat_ws(' ', status, decided_by, decision_reason) from skipped_row"));
    }

    [Fact]
    public async Task Excluded_it_stays_out_and_nobody_is_told()
    {
        var row = await database.Skipped("txn_1");
        Assert.Equal("done", await Decide("exclude", row));
        Assert.Equal("unchanged", await Decide("exclude", row));
        Assert.Equal("txn_1 skipped excluded", await Objects());
        Assert.Equal("", await Told());
        Assert.Equal(1L, await Events());
    }

    [Fact]
    public async Task A_decision_is_in_the_log_with_who_made_it_why_and_about_what()
    {
        var row = await database.Skipped("txn_1");
        await Decide("exclude", row);
        Assert.Equal(
            $"skipped-rows usr_1 exclude because {row} txn_1",
            await database.Ask("""
                select concat_ws(' ', stream_id, headers->>'actor', data->>'Decision', data->>'Reason', data->'Rows'->0->>'Id', data->'Rows'->0->>'ProviderId')
                from mt_events where type = 'skipped_rows_decided'
                """));
        Assert.Equal(
            await database.Ask("select encode(revision, 'hex') from skipped_row"), await database.Ask("select data->'Rows'->0->>'Revision' from mt_events"));
    }

    [Fact]
    public async Task What_was_excluded_may_be_included_later_and_not_the_other_way_round()
    {
        var row = await database.Skipped("txn_1");
        await Decide("exclude", row);
        Assert.Equal("done", await Decide("include", row));
        Assert.Equal("unchanged", await Decide("include", row));
        Assert.Equal("already-told", await Decide("exclude", row));
        Assert.Equal("txn_1 counts included", await Objects());
        Assert.Equal("transaction txn_1 true run_2 own", await Told());
    }

    [Theory]
    [InlineData("unknown-status")]
    [InlineData("unknown-action")]
    [InlineData("unknown-currency")]
    public async Task What_would_have_to_be_guessed_cannot_be_included(string reason)
    {
        var row = await database.Skipped("txn_1", reason);
        Assert.Equal("cannot-include", await Decide("include", row));
        Assert.Equal(("", 0L), (await Told(), await Events()));
        Assert.Equal("done", await Decide("exclude", row));
    }

    [Fact]
    public async Task An_adjustment_cannot_count_without_its_sale_but_comes_in_together_with_it()
    {
        var adjustment = await database.Skipped("adj_1", transaction: "txn_1");
        var sale = await database.Skipped("txn_1");
        Assert.Equal("cannot-include", await Decide("include", adjustment));
        Assert.Equal("done done", await Decide("include", adjustment, sale));
        Assert.Equal("transaction txn_1 true run_2 own, adjustment adj_1 true run_2 own", await Told());
    }

    [Fact]
    public async Task A_row_that_was_counted_before_it_changed_cannot_be_left_out()
    {
        var row = await database.Skipped("txn_1", told: true);
        Assert.Equal("already-told", await Decide("exclude", row));
        Assert.Equal("done", await Decide("include", row));
    }

    [Fact]
    public async Task Of_a_row_that_changed_since_nothing_is_decided()
    {
        var row = await database.Skipped("txn_1");
        await database.Ask("update provider_object set revision = sha256('other')");
        Assert.Equal("changed-since", await Decide("include", row));
        Assert.Equal("changed-since", await Decide("exclude", row));
        Assert.Equal(("", 0L), (await Told(), await Events()));
    }

    [Fact]
    public async Task Each_row_of_many_has_its_own_result_in_the_order_asked()
    {
        var (first, guess) = (await database.Skipped("txn_1"), await database.Skipped("txn_2", "unknown-status"));
        Assert.Equal("not-found cannot-include done done", await Decide("include", "skp_nothing", guess, first, first));
        Assert.Equal(1L, await database.Ask("select jsonb_array_length(data->'Rows')::bigint from mt_events"));
    }

    [Fact]
    public async Task Nobody_decides_about_another_workspace()
    {
        var theirs = await database.Skipped("txn_1", workspace: Register.Other);
        await database.Object("adj_1", "waiting", "transaction-skipped", "txn_1", Register.Other);
        var ours = await database.Skipped("txn_1");
        Assert.Equal("not-found done", await Decide("include", theirs, ours));
        Assert.Equal("skipped zero-amount, waiting transaction-skipped", await database.Ask(
            "select string_agg(concat_ws(' ', standing, reason), ', ' order by kind desc) from provider_object where tenant_id = 'ws_two'"));
        Assert.Equal("ws_one", await database.Ask("select string_agg(distinct tenant_id, ' ') from outbox"));
        Assert.Equal("open", await database.Ask("select status from skipped_row where tenant_id = 'ws_two'"));
    }

    [Fact]
    public async Task A_command_of_the_same_name_is_done_once()
    {
        var (one, two) = (await database.Skipped("txn_1"), await database.Skipped("txn_2"));
        Assert.Equal("done", await Decide(Register.By("usr_1", "named"), "include", one));
        Assert.Null(await Decide(Register.By("usr_1", "named"), "include", two));
        Assert.Equal("transaction txn_1 true run_2 own", await Told());
        Assert.Equal("txn_1 counts included, txn_2 skipped zero-amount", await Objects());
    }

    [Fact]
    public async Task Of_two_who_decide_at_once_one_is_second()
    {
        for (var round = 1; round <= TestSize.Of(1_000, 30); round++)
        {
            var row = await database.Skipped($"txn_{round}");
            await database.Object($"adj_{round}", "waiting", "transaction-skipped", $"txn_{round}");
            var theirs = round % 2 == 0 ? "include" : "exclude";
            string?[] ends = await Task.WhenAll(Decide(Register.By("usr_1"), "include", row), Decide(Register.By("usr_2"), theirs, row));
            string[] possible = theirs == "include" ? ["done unchanged", "unchanged done"] : ["done already-told", "done done"];
            Assert.Contains(string.Join(' ', ends), possible);
            Assert.Equal(2L, await database.Ask($"select count(*) from outbox where provider_id in ('txn_{round}', 'adj_{round}')"));
            Assert.Equal((long)ends.Count(e => e == "done"), await database.Ask($"select count(*) from mt_events where data::text like '%\"{row}\"%'"));
        }
    }

    private Task<string?> Decide(string decision, params string[] rows) => Decide(Register.By("usr_1"), decision, rows);

    private async Task<string?> Decide(AskedBy asking, string decision, params string[] rows)
    {
        var results = await commands.Decide(Register.Workspace, asking, new DecideSkippedRequest(rows, decision, "because"), CancellationToken.None);
        if (results is null) return null;
        Assert.Equal(rows, results.Select(r => r.Id));
        return string.Join(' ', results.Select(r => r.Result));
    }

    private async Task<object?> Objects() => await database.Ask("""
        select string_agg(concat_ws(' ', provider_id, standing, reason), ', ' order by kind desc, provider_id) from provider_object where tenant_id = 'ws_one'
        """);

    private async Task<object?> Told() => await database.Ask("""
        select coalesce(string_agg(concat_ws(' ', b.kind, b.provider_id, b.included::text, b.run_id,
          case when b.revision = o.told_revision and b.content = o.content then 'own' end),
          ', ' order by b.seq), '')
        from outbox as b join provider_object as o using (tenant_id, environment, provider_id)
        """);

    private async Task<object?> Events() => await database.Ask("select count(*) from mt_events");
}
