using System.Net.Http.Json;
using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.EventStore;

namespace Allocora.Console.Tests;

public sealed class Taking_the_trail_out
{
    private static readonly Origin Mara = new("usr_mara", Via: "session:ses_1");

    [Fact]
    public async Task Gives_every_entry_with_the_hashes_of_its_log_and_says_at_the_end_how_many()
    {
        await using var system = await AuditedSystem.Start();
        // More than a page of the export.
        for (var i = 0; i < 505; i++) await system.Happened(new ShareChanged(i, i + 1), origin: Mara);
        await system.Sees(1, "?actor=usr_mara&limit=1");
        await Testing.Eventually.Sees(_ => system.Database.Ask(
            "select last_seq_id from mt_event_progression where name = 'audit_ledger:v1'"), at => at is >= 505L);

        using var answer = await system.Ask("/api/v1/workspaces/ws_one/audit/export?actor=usr_mara", AuditedSystem.Auditor);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(("application/x-ndjson", "attachment"),
            (answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentDisposition!.DispositionType));
        var entries = lines[..^1].Select(line => JsonSerializer.Deserialize<AuditLine>(line, JsonSerializerOptions.Web)!).ToList();
        var end = JsonSerializer.Deserialize<AuditEnd>(lines[^1], JsonSerializerOptions.Web)!;
        Assert.Equal(Enumerable.Range(1, 505).Select(n => (long)n), entries.Select(e => e.Sequence));
        Assert.All(entries, e => Assert.Equal((64, 64), (e.Content!.Length, e.Chain!.Length)));
        Assert.Equal(505, end.Count);
        var head = end.Heads.Single(h => h.Log == "ledger");
        Assert.Equal((true, 505L, entries[^1].Chain), (head.Answered, head.Events, head.Chain));
        Assert.Equal(["calculation", "connector", "statements"], end.Heads.Where(h => !h.Answered).Select(h => h.Log));
    }

    [Fact]
    public async Task Stands_in_the_trail_itself_once()
    {
        await using var system = await AuditedSystem.Start();

        using (await system.Ask("/api/v1/workspaces/ws_one/audit/export", AuditedSystem.Auditor)) { }

        var seen = Assert.Single((await system.Sees(1)).Data);
        Assert.Equal(("downloaded", AuditedSystem.Auditor, "/api/v1/workspaces/{ws}/audit/export was downloaded."), (seen.Action, seen.Who!.Id, seen.Sentence));
        Assert.Equal(("127.0.0.1", 32), (seen.Ip, seen.RequestId!.Length));
    }

    [Fact]
    public async Task Verifying_says_for_each_log_whether_it_is_whole_where_it_is_not_and_which_did_not_answer()
    {
        await using var system = await AuditedSystem.Start();
        await system.Happened(new ShareChanged(1, 2), origin: Mara);
        var second = await system.Happened(new ShareChanged(2, 3), origin: Mara);

        var before = await Verify(system);
        await system.Tamper($"update ledger.mt_events set data = jsonb_set(data, '{{To}}', '30') where seq_id = {second}");
        var after = await Verify(system);

        Assert.Equal(("whole", 2L), (before["ledger"].State, before["ledger"].Events));
        Assert.Equal(("broken", second), (after["ledger"].State, after["ledger"].FirstBad));
        Assert.Equal(("whole", "no-answer"), (after["console"].State, after["connector"].State));
    }

    private static async Task<Dictionary<string, LogVerdict>> Verify(AuditedSystem system)
    {
        using var answer = await system.Ask("/api/v1/workspaces/ws_one/audit/verify", key: AuditedSystem.AuditorsKey, method: HttpMethod.Post);
        var verification = (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<AuditVerification>())!;
        Assert.False(verification.Ok);
        return verification.Logs.ToDictionary(l => l.Log);
    }
}
