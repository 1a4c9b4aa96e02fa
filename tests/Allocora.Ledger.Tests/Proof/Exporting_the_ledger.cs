using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.Ledger.Tests.Proof;

public sealed class Exporting_the_ledger : IAsyncLifetime
{
    private ProvenLedger ledger = null!;
    private string[] words = null!;

    public async Task InitializeAsync()
    {
        ledger = await ProvenLedger.Start();
        words = ["--key", ledger.KeyFile(), "--heads", ledger.Running.Heads.File];
    }

    public async Task DisposeAsync() => await ledger.DisposeAsync();

    [Fact]
    public async Task A_whole_log_is_found_whole()
    {
        await ledger.Grow(5);
        var lines = await ledger.Export();

        var (exit, said) = await ledger.Judge(lines, words);

        Assert.True(exit == 0, said);
        var chain = (string?)JsonNode.Parse(lines[25])!["chain"];
        var all = $"ok: 25 events, head {chain} at {ledger.Events[^1]}; workspace {RunningLedger.Workspace}, exported ";
        Assert.StartsWith(all, said, StringComparison.Ordinal);
        Assert.Contains("4 signed heads agree", said, StringComparison.Ordinal); // two in the file, and the same two outside
        Assert.DoesNotContain("pro_other", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_without_events_is_one_too()
    {
        var lines = await ledger.Export();
        var (exit, said) = await ledger.Judge(lines, "--key", words[1]);

        Assert.True(exit == 0 && said.StartsWith("ok: 0 events", StringComparison.Ordinal), said);
        Assert.Equal(2, lines.Count);
    }

    [Theory]
    [InlineData(0, 7)]
    [InlineData(7, 12)]
    [InlineData(10, 20)]
    [InlineData(12, 25)]
    [InlineData(3, 0)]
    [InlineData(25, 0)]
    public async Task A_part_is_verified_by_itself_and_is_called_one(int after, int to)
    {
        await ledger.Grow(5);
        var query = $"?after={(after == 0 ? 0 : ledger.Events[after - 1])}{(to == 0 ? "" : $"&to={ledger.Events[to - 1]}")}";
        var lines = await ledger.Export(query);

        var (exit, said) = await ledger.Judge(lines, words);

        Assert.True(exit == 0, said);
        Assert.StartsWith($"ok: {(to == 0 ? 25 : to) - after} events, ", said, StringComparison.Ordinal);
        Assert.Contains("a part of the log", said, StringComparison.Ordinal);

        // And cannot be passed off as the whole of it, though it is signed.
        var begin = JsonNode.Parse(lines[0])!;
        begin["to"] = null;
        lines[0] = begin.ToJsonString();
        Assert.Equal(to == 0 ? 0 : 1, (await ledger.Judge(lines, "--key", words[1])).Exit);
    }

    [Theory]
    [InlineData("delete from mt_events where seq_id = @", 20)]
    [InlineData("delete from allocora_seal where seq_id = @", 8)]
    [InlineData("update mt_events set data = '{}' where seq_id = @", 8)]
    [InlineData("delete from mt_events where seq_id = @; delete from allocora_seal where seq_id = @", 20)]
    public async Task A_log_that_was_tampered_with_is_handed_out_as_it_is_and_found_out(string statement, int nth)
    {
        await ledger.Grow(4);
        var at = ledger.Events[nth - 1];
        await ledger.Running.Database.Ask(statement.Replace("@", $"{at}", StringComparison.Ordinal));

        var (exit, said) = await ledger.Judge(await ledger.Export(), words);

        Assert.True(exit == 1, said);
    }

    [Fact]
    public async Task One_put_in_behind_the_head_is_handed_out_too()
    {
        await ledger.Grow(2);
        var at = ledger.Gaps[^1];
        await ledger.Running.Database.Ask($"""
            insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id)
            select {at}, gen_random_uuid(), id, version + 1, jsonb_build_object(), 'product_seen', tenant_id from mt_streams
            where tenant_id = '{RunningLedger.Workspace}' limit 1
            """);

        Assert.StartsWith($"bad at position {at} ", (await ledger.Judge(await ledger.Export(), words)).Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_breaks_on_the_way_ends_the_answer_without_its_end()
    {
        await ledger.Grow(80);
        // Behind more than is sent at once.
        await ledger.Running.Database.Ask("alter table allocora_signed_head rename to away");

        await Assert.ThrowsAsync<HttpRequestException>(() => ledger.Export());
    }

    [Fact]
    public async Task It_is_a_file_for_those_who_may_have_it_and_one_at_a_time()
    {
        var address = new Uri($"{ProvenLedger.Ledger}/export", UriKind.Relative);
        var auditor = ledger.Running.As("ledger.verify");
        using (var file = await auditor.GetAsync(address))
        {
            var headers = file.Content.Headers;
            Assert.Equal(("application/x-ndjson", "attachment"), (headers.ContentType?.MediaType, headers.ContentDisposition?.DispositionType));
        }
        using (var refused = await ledger.Running.As("revenue.read").GetAsync(address)) Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        using (ledger.Running.Of<LongReads>().TryBegin(RunningLedger.Workspace))
        {
            using var busy = await auditor.GetAsync(address);
            Assert.Equal(HttpStatusCode.Conflict, busy.StatusCode);
            using var alsoBusy = await auditor.PostAsync(new Uri($"{ProvenLedger.Ledger}/verify", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.Conflict, alsoBusy.StatusCode);
        }
        using var again = await auditor.GetAsync(address);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Theory]
    [InlineData("after=-1")]
    [InlineData("after=5&to=5")]
    [InlineData("to=0")]
    [InlineData("to=x")]
    public async Task Positions_that_cannot_be_are_refused(string query)
    {
        using var refused = await ledger.Running.As("ledger.verify").GetAsync(new Uri($"{ProvenLedger.Ledger}/export?{query}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    [Fact]
    public async Task Who_names_no_export_is_told_so()
    {
        Assert.Equal(2, (await ProvenLedger.Judge("/nowhere/at/all")).Exit);
        Assert.Equal(2, (await ledger.Judge(["{}"])).Exit);
        Assert.Equal(2, (await ledger.Judge([])).Exit);
        Assert.Equal(2, (await ledger.Judge(await ledger.Export(), "--key", ledger.Running.Heads.File)).Exit);
        Assert.Equal(2, (await ledger.Judge(await ledger.Export(), "--wrong")).Exit);
        Assert.Equal(0, (await ledger.Judge(await ledger.Export())).Exit);
    }
}
