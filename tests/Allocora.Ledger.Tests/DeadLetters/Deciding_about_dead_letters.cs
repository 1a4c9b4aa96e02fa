using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;

namespace Allocora.Ledger.Tests.DeadLetters;

public sealed class Deciding_about_dead_letters : IAsyncLifetime
{
    private const string Own = $"/api/v1/workspaces/{RunningLedger.Workspace}/dead-letters", Nobodys = "/api/v1/dead-letters", Secret = "jane@example.com";
    private RunningLedger ledger = null!;
    private HttpClient operators = null!, platform = null!;

    public async Task InitializeAsync()
    {
        ledger = await RunningLedger.Start();
        operators = ledger.As("dead-letters.replay");
        platform = ledger.In(null, "dead-letters.platform");
    }

    public async Task DisposeAsync() => await ledger.DisposeAsync();

    [Fact]
    public async Task A_workspace_sees_its_own_the_oldest_first_and_pages_through_them()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++) ids.Add(await Keep(RunningLedger.Workspace));
        await Keep(RunningLedger.OtherWorkspace);
        await Keep(null);
        await ledger.Database.Ask("update dead_letter set state = 'replayed' where id = 5");

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await operators.GetFromJsonAsync<Page<DeadLetterEntry>>($"{Own}?state=open&limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page!.Data.Select(l => l.Id));
            Assert.Equal(page.End.HasMore, page.End.NextCursor is not null);
            cursor = page.End.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal(ids[..4], seen);
        Assert.Equal(ids, (await operators.GetFromJsonAsync<Page<DeadLetterEntry>>(Own))!.Data.Select(l => l.Id));
    }

    [Fact]
    public async Task One_is_shown_with_all_but_what_it_says()
    {
        var id = await Keep(RunningLedger.Workspace);
        var text = await operators.GetStringAsync(new Uri($"{Own}/{id}", UriKind.Relative));
        var one = await operators.GetFromJsonAsync<DeadLetterDetail>($"{Own}/{id}");

        var body = Encoding.UTF8.GetBytes(Secret);
        Assert.Equal((body.LongLength, Convert.ToHexStringLower(SHA256.HashData(body)), "v"), (one!.BodyBytes, one.BodySha256, one.Headers["h"]));
        var letter = one.Letter;
        Assert.Equal((id, "ledger-ingest", "unreadable", "open", 1), (letter.Id, letter.Consumer, letter.ReasonCode, letter.State, letter.Attempts));
        Assert.DoesNotContain(Secret, text, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(body), text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replay_is_asked_for_once_however_often_it_is_sent_and_the_log_says_by_whom()
    {
        var id = await Keep(RunningLedger.Workspace);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Post(operators, $"{Own}/{id}/replay")));

        Assert.All(answers, a => Assert.Equal((HttpStatusCode.Accepted, "replaying"), (a.Status, (string?)a.Body["state"])));
        Assert.Equal("replaying", await ledger.Database.Ask("select state from dead_letter"));
        Assert.Equal([$"dead_letter_replayed|{RunningLedger.Workspace}|dead-letter-{id}|{RunningLedger.Person}|session:ses_test|192.0.2.7"], await Told());

        await ledger.Database.Ask("update dead_letter set state = 'replayed', attempts = attempts + 1");
        Assert.Equal(HttpStatusCode.OK, (await Post(operators, $"{Own}/{id}/replay")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await Post(operators, $"{Own}/{id}/discard", "late")).Status);
    }

    [Fact]
    public async Task One_that_failed_again_can_be_replayed_again_and_both_are_told()
    {
        var id = await Keep(RunningLedger.Workspace);
        await Post(operators, $"{Own}/{id}/replay");
        await ledger.Database.Ask("update dead_letter set state = 'open', attempts = attempts + 1");

        Assert.Equal(HttpStatusCode.Accepted, (await Post(operators, $"{Own}/{id}/replay")).Status);

        Assert.Equal(2, (await Told()).Count);
    }

    [Fact]
    public async Task A_discarded_one_is_kept_with_who_and_why_and_not_replayed()
    {
        var id = await Keep(RunningLedger.Workspace);

        Assert.Equal((HttpStatusCode.OK, "discarded"), await Discarded());
        Assert.Equal((HttpStatusCode.OK, "discarded"), await Discarded());

        Assert.Equal(HttpStatusCode.Conflict, (await Post(operators, $"{Own}/{id}/replay")).Status);
        Assert.Equal("sent by mistake", await ledger.Database.Ask("select data->>'Reason' from mt_events where type = 'dead_letter_discarded'"));
        Assert.Single(await Told());
        Assert.Equal(HttpStatusCode.BadRequest, (await Post(operators, $"{Own}/{id}/discard", " ")).Status);

        async Task<(HttpStatusCode, string?)> Discarded()
        {
            var answer = await Post(operators, $"{Own}/{id}/discard", "sent by mistake");
            return (answer.Status, (string?)answer.Body["state"]);
        }
    }

    [Fact]
    public async Task What_is_anothers_or_nobodys_is_not_there_and_stays_as_it_is()
    {
        foreach (var id in new[] { await Keep(RunningLedger.OtherWorkspace), await Keep(null), "dlt_000000000999", "dlt_3", "dlt_-00000000003", "nothing" })
        {
            using var one = await operators.GetAsync(new Uri($"{Own}/{id}", UriKind.Relative));
            Assert.Equal(HttpStatusCode.NotFound, one.StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await Post(operators, $"{Own}/{id}/replay")).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await Post(operators, $"{Own}/{id}/discard", "mine")).Status);
        }
        Assert.Equal(2L, await ledger.Database.Ask("select count(*) from dead_letter where state = 'open'"));
        Assert.Empty(await Told());
    }

    [Fact]
    public async Task Those_of_no_workspace_are_for_who_looks_after_the_installation_and_only_those()
    {
        var own = await Keep(RunningLedger.Workspace);
        var nobodys = await Keep(null, "no-workspace");
        var unknown = await Keep("ws_01hf7yat0000000000000000zz", "unknown-workspace");

        Assert.Equal([nobodys, unknown], (await platform.GetFromJsonAsync<Page<DeadLetterEntry>>(Nobodys))!.Data.Select(l => l.Id));
        Assert.Equal(HttpStatusCode.NotFound, (await Post(platform, $"{Nobodys}/{own}/replay")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await Post(platform, $"{Nobodys}/{nobodys}/replay")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Post(platform, $"{Nobodys}/{unknown}/discard", "nobody's")).Status);

        Assert.Equal(["platform", "platform"], (await Told()).Select(t => t.Split('|')[1]));
        using var refused = await ledger.In(null, "workspaces.create").GetAsync(new Uri(Nobodys, UriKind.Relative));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
    }

    [Theory]
    [InlineData("state=lost")]
    [InlineData("cursor=key_1")]
    [InlineData("limit=201")]
    public async Task A_list_that_cannot_be_is_refused(string query)
    {
        using var refused = await operators.GetAsync(new Uri($"{Own}?{query}", UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
    }

    private async Task<string> Keep(string? workspace, string reason = "unreadable")
    {
        var id = await ledger.Database.Ask($$"""
            insert into dead_letter (consumer, message_id, workspace, type, body, headers, reason_code, error, first_seen, attempts, state)
            values ('ledger-ingest', gen_random_uuid()::text, {{(workspace is null ? "null" : $"'{workspace}'")}}, 'some.type',
              convert_to('{{Secret}}', 'utf8'), '{"h":"v"}', '{{reason}}', 'It cannot be read.', now(), 1, 'open') returning id
            """);
        return $"dlt_{id:D12}";
    }

    private async Task<List<string>> Told()
    {
        const string query = """
            select concat_ws('|', type, tenant_id, stream_id, headers->>'actor', headers->>'via', headers->>'ip') from mt_events order by seq_id
            """;
        await using var command = ledger.Database.Owner.CreateCommand(query);
        await using var reader = await command.ExecuteReaderAsync();
        var told = new List<string>();
        while (await reader.ReadAsync()) told.Add(reader.GetString(0));
        return told;
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> Post(HttpClient client, string address, string? reason = null)
    {
        using var answer = await client.PostAsync(new Uri(address, UriKind.Relative), reason is null ? null : JsonContent.Create(new { reason }));
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }
}
