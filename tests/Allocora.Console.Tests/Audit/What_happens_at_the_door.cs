using System.Net;
using System.Net.Sockets;
using System.Text;
using Allocora.Contracts.Api;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Allocora.Console.Tests;

/// <summary>S-LOG-1: each security event once, with who, what, when and from where, and nothing of what a caller may choose freely.</summary>
public sealed class What_happens_at_the_door
{
    private const string Audit = "/api/v1/workspaces/ws_one/audit", Pattern = "/api/v1/workspaces/{ws}/audit";

    [Fact]
    public async Task A_wrong_key_and_a_dead_session_are_told_and_a_first_visit_is_not()
    {
        await using var system = await AuditedSystem.Start();

        Assert.Equal(HttpStatusCode.Unauthorized, await Status(system.Ask(Audit)));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(system.Ask(Audit, key: "forged")));
        Assert.Equal(HttpStatusCode.Unauthorized, await Status(system.Ask(Audit, TestCallers.DeadSession)));

        var told = await Told(system, 2);
        Assert.All(told, e => Assert.Equal($"A wrong credential was refused at GET {Pattern}.", e.Sentence));
        Assert.All(told, e => Assert.Equal((null, "access_refused", "127.0.0.1", 32), (e.Who, e.Action, e.Ip, e.RequestId!.Length)));
        Assert.Equal(2, told.DistinctBy(e => e.RequestId).Count());
        Assert.DoesNotContain("forged", string.Join('\n', told), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_permission_is_told_to_the_workspace_and_a_foreign_workspace_to_the_platform()
    {
        await using var system = await AuditedSystem.Start();
        system.Callers.Member("usr_far", "ws_far", "auditor");

        Assert.Equal(HttpStatusCode.Forbidden, await Status(system.Ask(Audit, AuditedSystem.Viewer)));
        Assert.Equal(HttpStatusCode.NotFound, await Status(system.Ask(Audit, "usr_far")));

        var denied = Assert.Single((await system.Sees(1)).Data);
        Assert.Equal(($"GET {Pattern} was refused: it needs audit.read.", AuditedSystem.Viewer, $"session:ses_{AuditedSystem.Viewer}"),
            (denied.Sentence, denied.Who!.Id, denied.Via));
        var foreign = Assert.Single(await Told(system, 1));
        Assert.Equal(("usr_far", $"GET {Pattern} asked for something that is not there for the caller."), (foreign.Who!.Id, foreign.Sentence));
        Assert.DoesNotContain("ws_one", $"{foreign} {foreign.After}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_service_behind_refuses_is_told_as_well()
    {
        await using var system = await AuditedSystem.Start(app => app
            .MapGet("/api/v1/workspaces/{ws}/runs/{id}", (string id) => Results.StatusCode(int.Parse(id, null)))
            .RequirePermission("workspace.read"));

        // That there is no such run tells of no attempt: it comes first, and is not in the trail when the refusal is.
        foreach (var status in new[] { 200, 404, 409, 403 }) await Status(system.Ask($"/api/v1/workspaces/ws_one/runs/{status}", AuditedSystem.Viewer));

        var told = Assert.Single((await system.Sees(1)).Data);
        Assert.Equal(("403", "/api/v1/workspaces/{ws}/runs/{id}"), ($"{told.After.GetProperty("Status")}", told.After.GetProperty("Route").GetString()));
    }

    [Fact]
    public async Task The_use_of_a_key_is_told_once_for_each_hour()
    {
        await using var system = await AuditedSystem.Start();
        system.Callers.Key("one", AuditedSystem.Auditor).Key("two", AuditedSystem.Auditor);

        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.OK, await Status(system.Ask(Audit, key: "one")));
        Assert.Equal(HttpStatusCode.OK, await Status(system.Ask(Audit, key: "two")));

        var told = (await system.Sees(2)).Data;
        Assert.Equal(["The key key_two was used from 127.0.0.1.", "The key key_one was used from 127.0.0.1."], told.Select(e => e.Sentence));
        Assert.All(told, e => Assert.Equal((AuditedSystem.Auditor, $"key:{e.After.GetProperty("Key")}"), (e.Who!.Id, e.Via)));
    }

    [Fact]
    public void A_key_is_news_again_in_the_next_hour_from_another_address_and_when_there_are_too_many_to_keep_in_mind()
    {
        var time = new ManualTime();
        var keys = new KeyUse(time);

        Assert.True(keys.IsNews("ws_one", "key_1", "127.0.0.1"));
        Assert.False(keys.IsNews("ws_one", "key_1", "127.0.0.1"));
        Assert.True(keys.IsNews("ws_one", "key_1", "127.0.0.2"));
        time.Advance(TimeSpan.FromHours(1));
        Assert.True(keys.IsNews("ws_one", "key_1", "127.0.0.1"));
        for (var i = 0; i < 10_000; i++) keys.IsNews("ws_one", $"key_{i}x", null);
        Assert.True(keys.IsNews("ws_one", "key_1", "127.0.0.1"));
    }

    [Fact]
    public async Task A_caller_who_comes_too_often_is_told_once_a_minute_to_the_workspace()
    {
        await using var system = await AuditedSystem.Start(null, "--Limits:Caller=10");

        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 6; i++) answers.Add(await Status(system.Ask(Audit, AuditedSystem.Viewer)));
        await Status(system.Ask(Audit, key: "the last")); // behind all others in the queue

        Assert.InRange(answers.Count(a => a == HttpStatusCode.TooManyRequests), 2, 5);
        await Told(system, 1);
        var told = await system.Database.Ask("select count(*) from mt_events where type = 'rate_limited' and tenant_id = 'ws_one'");
        Assert.Equal(1L, told);
        Assert.Equal(AuditedSystem.Viewer, await system.Database.Ask("select headers ->> 'actor' from mt_events where type = 'rate_limited'"));
    }

    [Fact]
    public async Task What_a_caller_writes_into_addresses_and_headers_stays_out_of_the_log_and_the_trail()
    {
        await using var system = await AuditedSystem.Start();
        const string evil = "\x1b[31mERROR forged";
        var start = "GET /api/v1/workspaces/%0d%0a%1b%5b31mERROR%20forged/audit HTTP/1.1\r\nConnection: close\r\nAuthorization: Bearer x\r\n";

        var refused = await Raw(system, $"{start}Host: 127.0.0.1\r\nUser-Agent: {evil}\r\n\r\n");
        var foreign = await Raw(system, $"{start}Host: {evil}\r\n\r\n");
        var split = await Raw(system, $"{start}Host: 127.0.0.1\r\nX-A: a\rSet-Cookie: b\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 401", refused, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", foreign, StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", split, StringComparison.Ordinal);
        var told = Assert.Single(await Told(system, 1));
        Assert.Equal($"A wrong credential was refused at GET {Pattern}.", told.Sentence);
        Assert.Equal(0L, await system.Database.Ask("select count(*) from mt_events where data::text || headers::text like '%forged%'"));
        Assert.DoesNotContain(system.Console.Logged, line => line.Contains('\x1b', StringComparison.Ordinal));
        Assert.DoesNotContain(system.Console.Logged, line => line.Contains("\nERROR", StringComparison.Ordinal)
            || line.Contains('\r', StringComparison.Ordinal));
    }

    private static async Task<HttpStatusCode> Status(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        return answer.StatusCode;
    }

    private static async Task<IReadOnlyList<AuditEntry>> Told(AuditedSystem system, int count) =>
        (await Eventually.Sees(_ => system.PlatformTrail(), seen => seen.Data.Count >= count)).Data;

    private static async Task<string> Raw(AuditedSystem system, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, system.Console.Http.BaseAddress!.Port);
        await socket.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
        using var answer = new StreamReader(socket.GetStream());
        return await answer.ReadToEndAsync();
    }
}
