using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Allocora.ServiceDefaults;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit.Abstractions;

namespace Allocora.Console.Tests;

public sealed class Coming_too_often(ITestOutputHelper output)
{
    private const string Ping = "/api/v1/workspaces/ws_one/ping";
    private static readonly TestCallers Callers = new TestCallers().Key("flood", "usr_flood").Key("victim", "usr_victim")
        .Member("usr_flood", "ws_one", "viewer").Member("usr_victim", "ws_one", "viewer").Member("usr_far", "ws_far", "viewer");

    [Fact]
    public async Task Is_refused_with_when_to_come_back_and_the_figures()
    {
        var time = new ManualTime();
        await using var console = await Start(time, "--Limits:Caller=20");

        using var first = await Ask(console, "flood");
        using var second = await Ask(console, "flood");
        using var third = await Ask(console, "flood");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode, third.StatusCode));
        Assert.Equal(["\"address\";q=10000000;w=60", "\"caller\";q=20;w=60", "\"workspace\";q=10000000;w=60"], Lines(first, "RateLimit-Policy").Order());
        Assert.Contains("\"caller\";r=1;t=3", Lines(first, "RateLimit"));
        Assert.Contains(Lines(third, "RateLimit"), line => line.StartsWith("\"caller\";r=0;t=", StringComparison.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(3), third.Headers.RetryAfter!.Delta);
        var problem = await third.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(("rate-limited", true), (problem.GetProperty("code").GetString(), problem.GetProperty("retryable").GetBoolean()));
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([200, 429], await Statuses(console, "flood", "flood"));
    }

    [Fact]
    public async Task Costs_the_address_the_workspace_of_a_member_and_who_signs_in_too()
    {
        await using var byAddress = await Start("--Limits:Address=1");
        await using var byWorkspace = await Start("--Limits:Workspace=1");
        await using var signIn = await Start("--Limits:SignIn=1");

        Assert.Equal([200, 429], await Statuses(byAddress, "victim", "nobody"));
        Assert.Equal([200, 429], await Statuses(byWorkspace, "victim", "flood"));
        var posts = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            using var answer = await signIn.Ask(i == 1 ? "/invites/anything" : "/sign-in/anything", method: HttpMethod.Post);
            posts.Add((int)answer.StatusCode);
        }
        Assert.Equal([429, 429], posts.Where(s => s == 429));
    }

    [Fact]
    public async Task Costs_a_workspace_nothing_when_it_is_a_stranger_who_does()
    {
        await using var console = await Start("--Limits:Workspace=20");
        for (var i = 0; i < 20; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Ping) { Headers = { { TestCallers.PersonHeader, "usr_far" } } };
            using var answer = await console.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        Assert.Equal([200, 200], await Statuses(console, "victim", "flood"));
    }

    /// <summary>S-RATE-1: one key at ten times its limit while another works. How fast the other stays is printed, what it gets is asserted.</summary>
    [Fact]
    public async Task Does_not_keep_another_from_working()
    {
        const int perMinute = 700, burst = perMinute / 10;
        await using var console = await Start($"--Limits:Caller={perMinute}", "--Limits:Address=1000000", "--Limits:Workspace=1000000");
        var count = TestSize.Of(400, atLeast: 60);
        await Work(console, 10); // the first requests of a process are slow
        var alone = await Work(console, count);
        var before = Stopwatch.GetTimestamp();

        using var end = new CancellationTokenSource();
        var flood = Flood(console, perMinute * 10 / 60, end.Token);
        var beside = await Work(console, count);
        await end.CancelAsync();
        var (allowed, refused) = await flood;

        Assert.All(beside.Statuses, status => Assert.Equal(200, status));
        var earned = Stopwatch.GetElapsedTime(before).TotalSeconds * perMinute / 60;
        Assert.InRange(allowed, Math.Min(allowed + refused, burst), burst + (int)earned + 1);
        Assert.True(refused > 0, $"all {allowed} were let through");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"victim p99: {alone.P99:0.0} ms alone, {beside.P99:0.0} ms beside a flood of which {allowed} were answered and {refused} refused"));
    }

    [Theory]
    [InlineData("Limits__Caller", "--Limits:Caller=0")]
    [InlineData("Limits__Burst", "--Limits:Burst=1")]
    [InlineData("Gateway__TrustedProxies__0", "--Gateway:TrustedProxies:0=everybody")]
    public async Task A_wrong_setting_is_named(string setting, string argument)
    {
        var refusal = await Assert.ThrowsAsync<OptionsValidationException>(async () => await (await Start(argument)).DisposeAsync());
        Assert.Contains(setting, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_is_believed_only_when_the_settings_name_it()
    {
        await using var stranger = await Start("--Limits:Address=1", "--Gateway:TrustedProxies:0=10.0.0.0/8");
        await using var trusted = await Start("--Limits:Address=1", "--Gateway:TrustedProxies:0=127.0.0.0/8");

        Assert.Equal([200, 429, 429], await From(stranger, "203.0.113.1", "203.0.113.2", "203.0.113.3"));
        // What a caller wrote before the last honest hop is the caller's own invention.
        Assert.Equal([200, 429, 429, 200], await From(trusted, "203.0.113.1", "198.51.100.7, 203.0.113.1", "198.51.100.8, 203.0.113.1", "203.0.113.2"));
    }

    private static Task<RunningConsole> Start(params string[] settings) => Start(TimeProvider.System, settings);

    private static Task<RunningConsole> Start(TimeProvider time, params string[] settings) => RunningConsole.StartWith(
        builder =>
        {
            Callers.Add(builder);
            builder.Services.AddSingleton(time);
        },
        app => app.MapGet("/api/v1/workspaces/{ws}/ping", () => Results.Ok()).RequirePermission("workspace.read"),
        ["--Shutdown:Timeout=00:00:01", .. settings]); // nobody waits for what is noted: there is no database

    private static async Task<HttpResponseMessage> Ask(RunningConsole console, string key, string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Ping) { Headers = { Authorization = new("Bearer", key) } };
        if (forwardedFor is not null) request.Headers.Add("X-Forwarded-For", forwardedFor);
        return await console.Http.SendAsync(request);
    }

    private static async Task<int> Status(Task<HttpResponseMessage> asking)
    {
        using var answer = await asking;
        return (int)answer.StatusCode;
    }

    private static async Task<List<int>> Statuses(RunningConsole console, params string[] keys)
    {
        var statuses = new List<int>();
        foreach (var key in keys) statuses.Add(await Status(Ask(console, key)));
        return statuses;
    }

    private static async Task<List<int>> From(RunningConsole console, params string[] addresses)
    {
        var statuses = new List<int>();
        foreach (var address in addresses) statuses.Add(await Status(Ask(console, "victim", address)));
        return statuses;
    }

    private static IEnumerable<string> Lines(HttpResponseMessage answer, string header) =>
        answer.Headers.GetValues(header).SelectMany(line => line.Split(", "));

    // Below its own limit: ten a second are six hundred a minute.
    private static async Task<(List<int> Statuses, double P99)> Work(RunningConsole console, int count)
    {
        var (statuses, times) = (new List<int>(), new List<double>());
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var i = 0; i < count; i++)
        {
            await pace.WaitForNextTickAsync();
            var asked = Stopwatch.GetTimestamp();
            statuses.Add(await Status(Ask(console, "victim")));
            times.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }
        return (statuses, times.Order().ElementAt(count * 99 / 100));
    }

    private static async Task<(int Allowed, int Refused)> Flood(RunningConsole console, int perSecond, CancellationToken ct)
    {
        var (allowed, refused) = (0, 0);
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!ct.IsCancellationRequested)
        {
            var statuses = await Task.WhenAll(Enumerable.Range(0, perSecond / 20).Select(_ => Status(Ask(console, "flood"))));
            (allowed, refused) = (allowed + statuses.Count(s => s == 200), refused + statuses.Count(s => s == 429));
            await pace.WaitForNextTickAsync(CancellationToken.None);
        }
        return (allowed, refused);
    }
}
