using System.Net;
using System.Text.Json.Nodes;

namespace Allocora.PaddleSandbox;

/// <summary>The rest of what a test can do to the sandbox.</summary>
public sealed class The_clock_and_the_choices : IAsyncLifetime
{
    private Running sandbox = null!;

    public async Task InitializeAsync() => sandbox = await Running.With("--transactions", "0");

    public async Task DisposeAsync() => await sandbox.DisposeAsync();

    [Fact]
    public async Task The_clock_is_stopped_moved_and_never_goes_back()
    {
        var stopped = await sandbox.Do("POST", "/clock", new JsonObject { ["now"] = "2026-11-05T00:00:00Z", ["frozen"] = true });
        var advanced = await sandbox.Do("POST", "/clock", new JsonObject { ["advance"] = "PT36H" });
        var past = new JsonObject { ["now"] = "2026-11-01T00:00:00Z" };
        var refused = await sandbox.Send(HttpMethod.Post, "/clock", past, HttpStatusCode.BadRequest, sandbox.Control);
        var still = await sandbox.Do("GET", "/clock");
        using var response = await sandbox.Http.GetAsync("/event-types");

        Assert.Equal("""{"now":"2026-11-05T00:00:00.000000Z","frozen":true}""", stopped.ToJsonString());
        Assert.Equal("2026-11-06T12:00:00.000000Z", (string)advanced["now"]!);
        Assert.Equal("2026-11-06T12:00:00.000000Z", (string)still["now"]!);
        Assert.Contains("forward only", (string)refused["error"]!["detail"]!, StringComparison.Ordinal);
        Assert.Equal(DateTimeOffset.Parse("2026-11-06T12:00:00Z"), response.Headers.Date);
        Assert.False((bool)(await sandbox.Do("POST", "/clock", new JsonObject { ["frozen"] = false }))["frozen"]!);
    }

    [Fact]
    public async Task What_is_on_the_agenda_happens_without_a_call_and_at_its_own_time()
    {
        var account = sandbox.Sandbox.Account;
        var acted = new TaskCompletionSource<long>();
        var due = World.Instants.Parse("2026-11-03T00:00:00Z")!.Value;
        account.Agenda.Add(due, acted.SetResult);
        account.Clock.Set(due + World.Instants.Day, freeze: true);

        Assert.Equal(due, await acted.Task.WaitAsync(Testing.Eventually.Deadline));
    }

    [Fact]
    public async Task A_choice_is_made_otherwise_while_it_runs()
    {
        await sandbox.Send(HttpMethod.Get, "/events?colour=red", null, HttpStatusCode.BadRequest);

        var choices = await sandbox.Do("POST", "/choices", new JsonObject { ["unknownParameters"] = "ignore" });

        await sandbox.Get("/events?colour=red");
        Assert.Equal("ignore", (string)choices["unknownParameters"]!);
        Assert.Equal("allow", (string)(await sandbox.Do("GET", "/choices"))["twoSidedRanges"]!);
        var refused = await sandbox.Do("POST", "/choices", new JsonObject { ["unknownParameters"] = "laugh" }, HttpStatusCode.BadRequest);
        Assert.Contains("refuse, ignore", (string)refused["error"]!["detail"]!);
    }

    [Theory]
    [InlineData("POST", "/clock", """{"advance":"tomorrow"}""", 400)]
    [InlineData("POST", "/clock", """[]""", 400)]
    [InlineData("POST", "/clock", "nothing", 400)]
    [InlineData("POST", "/keys", """{"permissions":["world.write"]}""", 400)]
    [InlineData("POST", "/keys/apikey_1/revoke", "{}", 404)]
    [InlineData("POST", "/events", """{"event_type":"payout.paid"}""", 400)]
    [InlineData("PATCH", "/objects/txn_1", "{}", 404)]
    [InlineData("POST", "/notification-settings/ntfset_1/rotate-secret", "{}", 404)]
    [InlineData("GET", "/nowhere", null, 404)]
    public async Task What_it_cannot_do_it_says_in_its_own_way(string method, string path, string? body, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), path) { Content = body is null ? null : new StringContent(body) };
        using var response = await sandbox.Control.SendAsync(request);

        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject().Of("error");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(["code", "detail"], error.Select(one => one.Key));
        Assert.NotEmpty((string)error["detail"]!);
    }
}
