using System.Net;
using System.Runtime.InteropServices;
using Allocora.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Allocora.ServiceDefaults.Tests;

public sealed class Answering_probes
{
    private static readonly DateTimeOffset Noon = new(2026, 10, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly HealthCheckResult Up = HealthCheckResult.Healthy(), Down = HealthCheckResult.Unhealthy("It does not answer.");
    private readonly ManualTime time = new(Noon);

    [Theory]
    [InlineData("/healthz/startup")]
    [InlineData("/healthz/live")]
    [InlineData("/healthz/ready")]
    [InlineData("/version")]
    public async Task A_host_without_dependencies_is_well(string path)
    {
        await using var host = await TestHost.Start();

        using var answer = await host.Http.GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Version_says_who_answers_and_since_when_it_runs()
    {
        await using var host = await TestHost.Start(builder => builder.Services.AddSingleton<TimeProvider>(time));
        time.Advance(TimeSpan.FromHours(1));

        var version = await host.Get<VersionInfo>("/version");

        Assert.Equal((TestHost.Name, Noon, RuntimeInformation.FrameworkDescription), (version.Service, version.StartedAt, version.Runtime));
        Assert.Equal($"{Environment.MachineName}-{Environment.ProcessId}", version.Instance);
        Assert.Matches(@"^\d+\.\d+\.\d+", version.Version);
    }

    [Fact]
    public async Task Every_dependency_is_listed_with_what_it_answered()
    {
        await using var host = await TestHost.Start(builder =>
        {
            AddCheck(builder, "ledger", () => Up);
            AddCheck(builder, "rabbitmq", () => Down);
            AddCheck(builder, "disk", () => throw new IOException("No space left."));
        });

        var ready = await host.Get<Readiness>("/healthz/ready");

        Assert.Equal((TestHost.Name, Readiness.NotReady), (ready.Service, ready.State));
        Assert.Equal(
            [new("ledger", true, null), new("rabbitmq", false, "It does not answer."), new("disk", false, "No space left.")], ready.Checks);
    }

    [Fact]
    public async Task A_service_that_cannot_work_is_still_alive()
    {
        await using var host = await TestHost.Start(builder => AddCheck(builder, "ledger", () => Down));

        using var ready = await host.Http.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
        using var live = await host.Http.GetAsync(new Uri("/healthz/live", UriKind.Relative));
        using var startup = await host.Http.GetAsync(new Uri("/healthz/startup", UriKind.Relative));

        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK, HttpStatusCode.OK), (ready.StatusCode, live.StatusCode, startup.StatusCode));
    }

    [Fact]
    public async Task Since_moves_only_when_the_state_turns()
    {
        var state = Up;
        await using var host = await TestHost.Start(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            AddCheck(builder, "ledger", () => state);
        });
        var seen = new List<(string, DateTimeOffset)>();
        foreach (var next in new[] { Up, Up, Down, Down, Up })
        {
            state = next;
            var ready = await host.Get<Readiness>("/healthz/ready");
            seen.Add((ready.State, ready.Since));
            time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(
            [(Readiness.Ready, Noon), (Readiness.Ready, Noon), (Readiness.NotReady, Noon.AddMinutes(2)), (Readiness.NotReady, Noon.AddMinutes(2)),
                (Readiness.Ready, Noon.AddMinutes(4))],
            seen);
    }

    [Fact]
    public async Task The_log_has_one_line_for_each_turn_and_none_for_a_probe()
    {
        var state = Down;
        await using var host = await TestHost.Start(builder => AddCheck(builder, "ledger", () => state));
        foreach (var next in new[] { Down, Down, Up, Up, Down })
        {
            state = next;
            await host.Get<Readiness>("/healthz/ready");
        }

        const string sentence = "The service is not ready: ledger: It does not answer.";
        Assert.Equal(
            [(LogLevel.Warning, sentence), (LogLevel.Information, "The service is ready"), (LogLevel.Warning, sentence)],
            host.Log.Lines.Where(l => l.Category != "Microsoft.Hosting.Lifetime").Select(l => (l.Level, l.Text)));
    }

    [Fact]
    public async Task Many_probes_at_once_see_one_turn()
    {
        await using var host = await TestHost.Start(builder => AddCheck(builder, "ledger", () => Down));

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.Get<Readiness>("/healthz/ready")));

        Assert.Single(answers.Select(a => (a.State, a.Since)).Distinct());
        Assert.Single(host.Log.Lines, l => l.Text.StartsWith("The service is not ready", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_check_that_hangs_is_cut_off_and_named_beside_those_that_answer(bool heedsItsToken)
    {
        var asked = false;
        var never = new TaskCompletionSource<HealthCheckResult>();
        await using var host = await TestHost.Start(builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            AddCheck(builder, "ledger", () => Up);
            builder.Services.AddHealthChecks().AddAsyncCheck("rabbitmq", ct =>
            {
                asked = true;
                return heedsItsToken ? never.Task.WaitAsync(ct) : never.Task;
            });
        }, null, "Readiness:Timeout=00:00:05");

        var probe = host.Get<Readiness>("/healthz/ready");
        // Both are asked in turn, and the one that answered waits for nothing any more.
        await Eventually.Sees(() => (Asked: asked, Waiting: time.Due.Count(due => due == TimeSpan.FromSeconds(5))), seen => seen is (true, 1));
        time.Advance(TimeSpan.FromSeconds(5));

        var ready = await probe.WaitAsync(Eventually.Deadline);
        Assert.Equal(Readiness.NotReady, ready.State);
        Assert.Equal([new("ledger", true, null), new("rabbitmq", false, "No answer within 5 s.")], ready.Checks);
    }

    [Fact]
    public async Task A_service_that_is_stopping_says_so_without_asking_anybody()
    {
        var asked = 0;
        await using var host = await TestHost.Start(builder => AddCheck(builder, "ledger", () => ++asked < 100 ? Up : Down));
        host.App.Lifetime.StopApplication();

        using var answer = await host.Http.GetAsync(new Uri("/healthz/ready", UriKind.Relative));
        var ready = await host.Get<Readiness>("/healthz/ready");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, Readiness.Draining), (answer.StatusCode, ready.State));
        Assert.Empty(ready.Checks);
        Assert.Equal(0, asked);
    }

    [Fact]
    public async Task A_probe_that_was_under_way_when_the_service_began_to_stop_does_not_call_it_ready()
    {
        var (asked, answered) = (new TaskCompletionSource(), new TaskCompletionSource<HealthCheckResult>());
        await using var host = await TestHost.Start(builder => builder.Services.AddHealthChecks().AddAsyncCheck("ledger", () =>
        {
            asked.TrySetResult();
            return answered.Task;
        }), null, "Readiness:Timeout=00:00:30");
        var probe = host.Get<Readiness>("/healthz/ready");
        await asked.Task.WaitAsync(Eventually.Deadline);

        host.App.Lifetime.StopApplication();
        answered.SetResult(Up);

        Assert.Equal(Readiness.Draining, (await probe).State);
    }

    private static void AddCheck(WebApplicationBuilder builder, string name, Func<HealthCheckResult> answer) =>
        builder.Services.AddHealthChecks().AddCheck(name, answer);
}
