using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Allocora.Contracts.Api;
using Allocora.Contracts.Events;
using Allocora.EventStore;
using Allocora.ServiceDefaults;
using Npgsql;

namespace Allocora.Console.Tests;

public sealed class The_audit_trail
{
    private static readonly Origin Mara = new("usr_mara", Via: "session:ses_1", RequestId: "4bf92f", Ip: "203.0.113.7");
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Says_who_did_what_when_from_where_and_what_was_before_and_passes_over_what_a_provider_told()
    {
        await using var system = await AuditedSystem.Start();
        await using var worker = Database.Source(new NpgsqlConnectionStringBuilder(system.Database.AddressOf("console_worker")), "console");
        var mara = await new People(worker, TimeProvider.System).Seen("https://id.example", "s-1", "Mara Lind", null, default);
        await system.Happened(new PeriodLocked("2026-09"));
        var first = await system.Happened(new ShareChanged(10, 12), stream: "agreement-7", origin: Mara with { Actor = mara.Id }, at: Noon);
        await system.Happened(new PeriodLocked("2026-10"), origin: Mara, at: Noon.AddMinutes(1));

        var seen = (await system.Sees(2)).Data;

        Assert.Equal(["period_locked", "share_changed"], seen.Select(e => e.Action));
        Assert.Equal((new AuditActor("usr_mara", null), "Period locked."), (seen[0].Who, seen[0].Sentence));
        Assert.Null(seen[0].Before);
        Assert.Equal("2026-10", seen[0].After.GetProperty("Month").GetString());
        var change = seen[1];
        Assert.Equal(($"ledger:{first}", Noon, new AuditActor(mara.Id, "Mara Lind"), "session:ses_1"), (change.Id, change.At, change.Who, change.Via));
        Assert.Equal(("agreement-7", 10, 12), (change.Target, change.Before!.Value.GetInt32(), change.After.GetInt32()));
        Assert.Equal(("4bf92f", "203.0.113.7", "ledger", first), (change.RequestId, change.Ip, change.Log, change.Sequence));
    }

    [Fact]
    public async Task Is_turned_over_page_by_page_without_a_gap_or_a_repetition_over_all_logs()
    {
        await using var system = await AuditedSystem.Start();
        // Of one moment, also in two logs, so that only the log and the place in it tell them apart.
        for (var i = 0; i < 11; i++) await system.Happened(new ShareChanged(i, i + 1), origin: Mara, at: Noon.AddMinutes(i / 4));
        await using var worker = Database.Source(new NpgsqlConnectionStringBuilder(system.Database.AddressOf("console_worker")), "console");
        var uses = Enumerable.Range(0, 8).Select(i => ConsoleEvents.Catalog.Seal(new ApiKeyUsed($"key_{i}", null), Guid.NewGuid(), Noon, Mara)).ToList();
        await new EventLog(worker).Append([new Entry("ws_one", Journal.Door, null, null, uses)], default);
        await system.Sees(19);

        var (ids, times, cursor) = (new List<string>(), new List<DateTimeOffset>(), "");
        do
        {
            var page = await system.Trail($"?limit=5{cursor}");
            ids.AddRange(page.Data.Select(e => e.Id));
            times.AddRange(page.Data.Select(e => e.At));
            Assert.Equal(page.End.HasMore, page.End.NextCursor is not null);
            cursor = page.End.NextCursor is { } next ? $"&cursor={next}" : "";
        }
        while (cursor != "");

        Assert.Equal(19, ids.Count);
        Assert.Equal(19, ids.Distinct().Count());
        Assert.Equal(times.OrderDescending(), times);
        Assert.Equal(["ledger", "console"], ids.Select(id => id.Split(':')[0]).Distinct());
    }

    [Fact]
    public async Task Is_narrowed_by_time_person_action_and_target()
    {
        await using var system = await AuditedSystem.Start();
        await system.Happened(new ShareChanged(1, 2), stream: "agreement-1", origin: Mara, at: Noon);
        await system.Happened(new ShareChanged(2, 3), stream: "agreement-2", origin: Mara with { Actor = "usr_jon" }, at: Noon.AddHours(1));
        await system.Happened(new PeriodLocked("2026-10"), stream: "agreement-1", origin: Mara, at: Noon.AddHours(2));
        await system.Sees(3);

        async Task<IEnumerable<int>> Hours(string query) => (await system.Trail(query)).Data.Select(e => (int)(e.At - Noon).TotalHours);
        Assert.Equal([2, 0], await Hours("?actor=usr_mara"));
        Assert.Equal([1, 0], await Hours("?action=share_changed"));
        Assert.Equal([1], await Hours("?target=agreement-2"));
        Assert.Equal([1], await Hours("?from=2026-11-01T13:00:00Z&to=2026-11-01T14:00:00Z"));
        Assert.Empty(await Hours("?actor=usr_mara&target=agreement-2"));
    }

    [Fact]
    public async Task Refuses_a_cursor_of_other_filters_or_another_workspace_or_made_up_and_a_limit_out_of_range()
    {
        await using var system = await AuditedSystem.Start();
        for (var i = 0; i < 3; i++) await system.Happened(new ShareChanged(i, i), origin: Mara);
        await system.Sees(3);
        var cursor = (await system.Trail("?limit=1")).End.NextCursor;

        foreach (var path in new[]
        {
            $"one/audit?limit=1&actor=usr_mara&cursor={cursor}", $"two/audit?cursor={cursor}", "one/audit?cursor=AAAAAAAAAAAAAAAA", "one/audit?cursor=*",
        })
        {
            using var answer = await system.Ask($"/api/v1/workspaces/ws_{path}", AuditedSystem.Auditor);
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
            Assert.Equal((HttpStatusCode.BadRequest, "cursor-mismatch"), (answer.StatusCode, problem.GetProperty("code").GetString()));
        }
        foreach (var wrong in new[] { "0", "201", "x" })
        {
            using var answer = await system.Ask($"/api/v1/workspaces/ws_one/audit?limit={wrong}", AuditedSystem.Auditor);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Shows_nothing_of_another_workspace()
    {
        await using var system = await AuditedSystem.Start();
        await system.Happened(new PeriodLocked("2026-08"), workspace: "ws_two", origin: Mara);
        await system.Happened(new PeriodLocked("2026-09"), workspace: "platform", origin: Mara);
        await system.Happened(new PeriodLocked("2026-10"), origin: Mara);

        var seen = await system.Sees(1);

        Assert.Equal("2026-10", Assert.Single(seen.Data).After.GetProperty("Month").GetString());
        Assert.Equal("2026-08", Assert.Single((await system.Trail(workspace: "ws_two")).Data).After.GetProperty("Month").GetString());
        Assert.Equal("2026-09", Assert.Single((await system.PlatformTrail()).Data).After.GetProperty("Month").GetString());
    }

    [Theory]
    [InlineData("/api/v1/workspaces/ws_one/audit", "audit.read")]
    [InlineData("/api/v1/workspaces/ws_one/audit/export", "audit.read")]
    [InlineData("/api/v1/audit", "audit.platform")]
    public async Task Needs_the_permission_for_it(string path, string permission)
    {
        await using var system = await AuditedSystem.Start();

        using var answer = await system.Ask(path, AuditedSystem.Viewer);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains(permission, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaves_the_console_ready_while_logs_upstream_are_away()
    {
        await using var system = await AuditedSystem.Start();

        using var answer = await system.Ask("/healthz/ready");

        var readiness = (await answer.Content.ReadFromJsonAsync<Readiness>())!;
        Assert.DoesNotContain(readiness.Checks, c => c.Name.StartsWith("log of", StringComparison.Ordinal));
        Assert.Equal(5, readiness.Checks.Count(c => c.Name.StartsWith("projection audit_", StringComparison.Ordinal) && c.Ok));
    }
}
