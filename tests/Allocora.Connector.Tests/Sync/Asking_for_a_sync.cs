using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

public sealed class Asking_for_a_sync : IAsyncLifetime
{
    private SyncedSource source = null!;

    public async Task InitializeAsync() => source = await SyncedSource.Connect("--transactions", "600", "--seed", "3");

    public async Task DisposeAsync() => await source.DisposeAsync();

    [Fact]
    public async Task A_second_request_joins_the_run_that_is_queued_and_a_full_one_makes_it_full()
    {
        var first = await Begun(pages: 1);
        var second = await source.Start();
        Assert.NotEqual(first, second);
        Assert.Equal(second, await source.Start());
        Assert.Equal("normal", (await source.Run(second)).Mode);
        Assert.Equal(second, await source.Start("full"));
        Assert.Equal(second, await source.Start());
        Assert.Equal(("full", "queued"), ((await source.Run(second)).Mode, (await source.Run(second)).State));

        await source.Faults();
        Assert.Equal(("succeeded", "succeeded"), ((await source.Over(first)).State, (await source.Over(second)).State));
        Assert.Equal(2L, await Ask("select count(*) from sync_run"));
        // Each was read under a claim of its own, one after the other.
        Assert.Equal(true, await Ask($"""
            select max(epoch) filter (where run_id = '{first}') < min(epoch) filter (where run_id = '{second}') from sync_page
            """));
        Assert.Equal(0L, (await source.Run(second)).Outcomes.GetValueOrDefault("accepted"));
    }

    [Fact]
    public async Task Many_who_ask_at_once_get_the_same_run()
    {
        await Begun(pages: 1);
        var runs = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => source.Start(n % 2 == 0 ? "normal" : "full")));
        var one = Assert.Single(runs.Distinct());
        Assert.Equal("full", (await source.Run(one)).Mode);
    }

    [Fact]
    public async Task Cancelled_while_it_runs_a_run_keeps_what_it_has_read()
    {
        var run = await Begun(pages: 7);
        Assert.Equal(HttpStatusCode.Accepted, (await Cancel(run)).Status);
        var over = await source.Over(run);
        Assert.Equal(HttpStatusCode.Accepted, (await Cancel(run)).Status);
        Assert.Equal("cancelled", over.State);
        Assert.NotNull(over.EndedAt);
        Assert.True(over.Outcomes["accepted"] > 0);
        Assert.Equal(over.Rows, (await source.Rows(run)).Count(r => !r.Released));
        await Arrived(over.Outcomes["accepted"]);

        await source.Faults();
        var next = await source.Sync();
        Assert.Equal("succeeded", next.State);
        Assert.True(next.Outcomes["duplicate"] >= over.Outcomes["accepted"]);
        await Arrived(over.Outcomes["accepted"] + next.Outcomes["accepted"] + next.Released);
        await Truth.Equals(source.Connector.Control, source.Queue);
        Assert.Equal((HttpStatusCode.Conflict, "run-over"), await Cancel(next.Id));
    }

    [Fact]
    public async Task A_queued_run_is_cancelled_at_once_and_the_one_before_it_goes_on()
    {
        var (first, second) = (await Begun(pages: 1), await source.Start());
        Assert.Equal(HttpStatusCode.Accepted, (await Cancel(second)).Status);
        Assert.Equal("cancelled", (await source.Run(second)).State);
        await source.Faults();
        Assert.Equal("succeeded", (await source.Over(first)).State);
        Assert.Equal(0L, (await source.Run(second)).Pages);
    }

    [Theory]
    [InlineData("cancel", "cancelled")]
    [InlineData("pause", "paused")]
    public async Task Asked_to_stop_while_Paddle_does_not_answer_it_stops_and_waits_no_more(string asked, string state)
    {
        const string list = "GET /transactions";
        await source.Faults(
            new() { ["match"] = list, ["kind"] = "slow", ["milliseconds"] = 1_500, ["times"] = 0 },
            new() { ["match"] = list, ["kind"] = "status", ["status"] = 503, ["times"] = 0 });
        var run = await source.Start();
        await Eventually.Sees(ct => source.Run(run, ct), now => now is { State: "running", Stage: "transactions" });
        Assert.True((await (asked == "cancel" ? Cancel(run) : source.Ask(HttpMethod.Post, $"/sources/{source.Id}/pause"))).Status < HttpStatusCode.BadRequest);
        await Eventually.Sees(ct => source.Run(run, ct), now => now.State == state, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Paused_with_its_source_a_run_goes_on_later_where_it_stood()
    {
        var run = await Begun(pages: 7);
        Assert.Equal(HttpStatusCode.OK, (await source.Ask(HttpMethod.Post, $"/sources/{source.Id}/pause")).Status);
        var paused = await Eventually.Sees(ct => source.Run(run, ct), now => now.State == "paused");
        Assert.Null(paused.EndedAt);
        Assert.Equal((HttpStatusCode.Conflict, "source-paused"), await source.Ask(HttpMethod.Post, $"/sources/{source.Id}/sync-runs", new { mode = "normal" }));

        await source.Faults();
        Assert.Equal(HttpStatusCode.OK, (await source.Ask(HttpMethod.Post, $"/sources/{source.Id}/resume")).Status);
        var over = await source.Over(run);
        Assert.Equal("succeeded", over.State);
        Assert.True(paused.Pages >= 7 && over.Pages > paused.Pages);
        Assert.Equal(0L, await Ask("select count(*) from (select request from sync_page group by request having count(*) > 1) as twice"));
        await Arrived(over.Outcomes["accepted"] + over.Released);
        await Truth.Equals(source.Connector.Control, source.Queue);
    }

    [Fact]
    public async Task A_run_comes_by_itself_when_its_time_has_come_and_says_why()
    {
        await Ask("update source set next_sync_at = clock_timestamp() - interval '1 minute'");
        var runs = await Eventually.Sees(
            ct => source.Api.GetFromJsonAsync<Page<SyncRunDetails>>($"{SyncedSource.Path}/sync-runs?source={source.Id}", ct), page => page!.Data.Count > 0);
        var run = Assert.Single(runs!.Data);
        Assert.Equal(("schedule", "normal", null), (run.Trigger, run.Mode, run.RequestedBy));
        Assert.Equal("succeeded", (await source.Over(run.Id)).State);
        Assert.Equal(true, await Ask("select next_sync_at > clock_timestamp() + interval '10 minutes' from source"));
    }

    [Fact]
    public async Task What_is_not_there_or_somebody_elses_is_not_found_and_what_makes_no_sense_is_refused()
    {
        var run = (await source.Sync()).Id;
        Assert.Equal(HttpStatusCode.BadRequest, (await source.Ask(HttpMethod.Post, $"/sources/{source.Id}/sync-runs", new { mode = "quick" })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await source.Ask(HttpMethod.Get, $"/sync-runs/{run}/rows?cursor=nonsense")).Status);
        const string none = "run_01hf7yat0000000000000000zz";
        Assert.Equal((HttpStatusCode.NotFound, "not-found"), await source.Ask(
            HttpMethod.Post, "/sources/src_01hf7yat0000000000000000zz/sync-runs", new { mode = "full" }));
        foreach (var (method, rest) in new[] { (HttpMethod.Get, ""), (HttpMethod.Post, "/cancel"), (HttpMethod.Get, "/rows"), (HttpMethod.Get, "/events") })
            Assert.Equal((HttpStatusCode.NotFound, "not-found"), await source.Ask(method, $"/sync-runs/{none}{rest}"));

        var others = source.Connector.In(RunningConnector.OtherWorkspace, "workspace.read", "sync.run");
        var theirs = $"/api/v1/workspaces/{RunningConnector.OtherWorkspace}";
        Assert.Equal(HttpStatusCode.NotFound, (await others.PostAsJsonAsync($"{theirs}/sources/{source.Id}/sync-runs", new { mode = "normal" })).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await others.PostAsync($"{theirs}/sync-runs/{run}/cancel", null)).StatusCode);
        foreach (var rest in new[] { "", "/rows", "/events" })
            Assert.Equal(HttpStatusCode.NotFound, (await others.GetAsync($"{theirs}/sync-runs/{run}{rest}")).StatusCode);
        Assert.Empty((await others.GetFromJsonAsync<Page<SyncRunDetails>>($"{theirs}/sync-runs"))!.Data);
    }

    [Fact]
    public async Task A_run_can_be_followed_to_its_end_and_again_from_what_was_heard_last()
    {
        var run = await Begun(pages: 1);
        var following = Heard(run, null);
        await Eventually.Sees(ct => source.Run(run, ct), now => now.Pages >= 8);
        await source.Faults();
        var heard = await following.WaitAsync(Eventually.Deadline);
        Assert.Equal("succeeded", heard[^1].Data.State);
        Assert.Equal("state", heard[0].EventType);
        Assert.All(heard.SkipLast(1), told => Assert.NotEqual("succeeded", told.Data.State));
        Assert.Equal(heard.Count, heard.Select(told => told.EventId).Distinct().Count());
        Assert.Equal(heard.Select(told => told.Data.Pages).Order(), heard.Select(told => told.Data.Pages));

        Assert.Empty(await Heard(run, heard[^1].EventId));
        Assert.Equal(heard[^1].EventId, Assert.Single(await Heard(run, heard[0].EventId)).EventId);
    }

    /// <summary>A run that takes its time and has read so many pages.</summary>
    private async Task<string> Begun(int pages)
    {
        await source.Faults(SyncedSource.Slow());
        var run = await source.Start();
        await Eventually.Sees(ct => source.Run(run, ct), now => now.State == "running" && now.Pages >= pages);
        return run;
    }

    private Task<(HttpStatusCode Status, string? Code)> Cancel(string run) => source.Ask(HttpMethod.Post, $"/sync-runs/{run}/cancel");

    private async Task<List<SseItem<SyncRunDetails>>> Heard(string run, string? last)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{SyncedSource.Path}/sync-runs/{run}/events");
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var answer = await source.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var told = new List<SseItem<SyncRunDetails>>();
        var parser = SseParser.Create(
            await answer.Content.ReadAsStreamAsync(), (_, data) => JsonSerializer.Deserialize<SyncRunDetails>(data, JsonSerializerOptions.Web)!);
        await foreach (var one in parser.EnumerateAsync()) told.Add(one);
        return told;
    }

    private Task<int> Arrived(long told) => Eventually.Sees(
        () => source.Queue.Named(PaddleTransactionSeen.Name).Count() + source.Queue.Named(PaddleAdjustmentSeen.Name).Count(), count => count >= told);

    private Task<object?> Ask(string statement) => source.Connector.Database.Ask(statement);
}
