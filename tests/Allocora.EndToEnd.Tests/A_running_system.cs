using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Allocora.Testing;

namespace Allocora.EndToEnd.Tests;

/// <summary>The whole system with its own private servers, as <c>./allocora up --detach</c> leaves it.</summary>
public sealed class A_running_system : IAsyncLifetime
{
    private static readonly TimeSpan ServerDeadline = TimeSpan.FromSeconds(60);
    private readonly FrontDoor door = new();
    private readonly HttpClient http = new();
    private OtlpSink sink = null!;

    public async Task InitializeAsync()
    {
        sink = await OtlpSink.Start();
        foreach (var (key, value) in sink.Environment()) door.Environment[key] = value;
        await door.Up();
        var viewer = door.RunFile.GetProperty("tokens").GetProperty("viewer").GetString();
        http.DefaultRequestHeaders.Authorization = new("Bearer", viewer);
    }

    public async Task DisposeAsync()
    {
        await door.DisposeAsync();
        await sink.DisposeAsync();
        http.Dispose();
    }

    [Fact]
    public async Task Is_ready_shows_it_and_survives_the_death_of_any_part()
    {
        var before = await door.Services();
        Assert.Equal(["calculation", "connector", "console", "ledger", "statements"], before.Keys.Order());
        Assert.All(before.Values, service => Assert.Equal("ready", service.State));

        await Is_up_already();
        await The_page_and_status_agree();
        await Health_is_not_public();
        await A_request_is_one_trace();
        await Paddle_is_played_and_comes_back_with_the_same_past();
        foreach (var service in before.Keys) await Comes_back(service);
        await Waits_for_its("postgres");
        await Waits_for_its("rabbitmq");

        var pids = door.Pids();
        Assert.Equal(0, (await door.Run("down")).ExitCode);
        Assert.Empty(door.Remains(pids));
    }

    private async Task Is_up_already()
    {
        var again = await door.Run("up", "--detach");

        Assert.Equal((0, door.RunFile.GetProperty("console").GetString() + "\n"), (again.ExitCode, again.Output));
    }

    private async Task Paddle_is_played_and_comes_back_with_the_same_past()
    {
        var (before, pid) = (await OfPaddle("/transactions?status=completed&per_page=3"), PidOfPaddle());
        Assert.Equal(3, before.GetArrayLength());

        await FrontDoor.Kill(pid!.Value);
        await Eventually.Sees(_ => Task.FromResult(PidOfPaddle()), now => now is not null && now != pid, ServerDeadline);

        var after = await Eventually.Sees(_ => OfPaddle("/transactions?status=completed&per_page=3"), _ => true, ServerDeadline);
        Assert.Equal(Ids(before), Ids(after));

        int? PidOfPaddle() => door.RunFile.GetProperty("servers").GetProperty("paddle").GetProperty("pid") is { ValueKind: JsonValueKind.Number } number
            ? number.GetInt32()
            : null;
        static string[] Ids(JsonElement rows) => [.. rows.EnumerateArray().Select(row => row.GetProperty("id").GetString()!)];
    }

    // As its own SDK would ask: with the key, wherever run.json says.
    private async Task<JsonElement> OfPaddle(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, door.RunFile.GetProperty("paddle").GetString() + path);
        request.Headers.Authorization = new("Bearer", door.RunFile.GetProperty("paddleKey").GetString());
        using var answer = await http.SendAsync(request);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("data");
    }

    private async Task The_page_and_status_agree()
    {
        var console = door.RunFile.GetProperty("console").GetString();
        var shown = await Eventually.Sees(
            async ct => await http.GetFromJsonAsync<JsonElement>($"{console}/api/v1/status", ct),
            answer => answer.GetProperty("services").EnumerateArray().All(s => s.GetProperty("state").GetString() == "ready"));
        var page = await http.GetStringAsync($"{console}/status");
        var told = JsonDocument.Parse((await door.Run("status", "--json")).Output).RootElement.GetProperty("services").EnumerateArray()
            .ToDictionary(s => s.GetProperty("service").GetString()!);

        Assert.Equal(told.Keys.Order(), shown.GetProperty("services").EnumerateArray().Select(s => s.GetProperty("name").GetString()!).Order());
        foreach (var service in shown.GetProperty("services").EnumerateArray())
        {
            var same = told[service.GetProperty("name").GetString()!];
            var since = service.GetProperty("since").GetDateTimeOffset();
            Assert.Equal(
                (same.GetProperty("version").GetString(), same.GetProperty("since").GetDateTimeOffset()), (service.GetProperty("version").GetString(), since));
            Assert.Contains(since.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", null), page, StringComparison.Ordinal);
        }
    }

    private async Task Health_is_not_public()
    {
        var console = door.RunFile.GetProperty("console").GetString();
        var inside = door.RunFile.GetProperty("services").GetProperty("console").GetProperty("url").GetString();
        foreach (var path in new[] { "/healthz/ready", "/healthz/live", "/healthz/startup", "/version" })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(console + path)).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(inside + path)).StatusCode);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(inside + "/status")).StatusCode);
    }

    private async Task A_request_is_one_trace()
    {
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736", parent = "00f067aa0ba902b7";
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{door.RunFile.GetProperty("console").GetString()}/status");
        request.Headers.Add("traceparent", $"00-{trace}-{parent}-01");

        (await http.SendAsync(request)).EnsureSuccessStatusCode();

        var span = await sink.Span(s => s.TraceId == trace && s.ParentSpanId == parent);
        Assert.Equal("GET /status", span.Name);
        Assert.Equal("/status", span.Attributes["http.route"]);
        Assert.Equal(200L, span.Attributes["http.response.status_code"]);
        Assert.Equal("console", span.Resource["service.name"]);
    }

    private async Task Comes_back(string service)
    {
        var killed = (await door.Services())[service].Pid;

        await FrontDoor.Kill(killed);

        await Eventually.Sees(async _ => (await door.Services())[service], s => s.State == "ready" && s.Pid != killed, ServerDeadline);
    }

    private async Task Waits_for_its(string server)
    {
        var (before, killed) = (await door.Services(), door.Server(server));

        await FrontDoor.Kill(killed);

        await Eventually.Sees(() => door.Server(server), pid => pid != killed, ServerDeadline);
        var after = await Eventually.Sees(async _ => await door.Services(), all => all.Values.All(s => s.State == "ready"), ServerDeadline);
        Assert.Equal(before.OrderBy(s => s.Key).Select(s => s.Value.Pid), after.OrderBy(s => s.Key).Select(s => s.Value.Pid));
    }
}
