using System.Diagnostics;
using Allocora.ServiceDefaults;

namespace Allocora.Console.Tests;

// Listens to every span of the process, so nothing else may run in it meanwhile.
[Collection(nameof(Alone))]
public sealed class Watching_the_services : IAsyncLifetime
{
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;

    private RunningConsole console = null!;

    public async Task InitializeAsync() => console = await RunningConsole.Start();

    public async Task DisposeAsync() => await console.DisposeAsync();

    [Fact]
    public async Task An_answer_that_is_not_a_readiness_counts_as_none_and_the_watch_goes_on()
    {
        console["ledger"].Says(Readiness.Ready, null!, new ReadinessCheck(null!, true, null));
        await console.Until("ledger", ledger => ledger.State != Readiness.Ready);

        console["ledger"].Says(Readiness.Ready);
        var well = await console.Until("ledger", ledger => ledger.State == Readiness.Ready);

        Assert.Equal("1.0.0+ledger", well.Version);
    }

    [Fact]
    public async Task All_five_are_listed_and_the_console_tells_of_its_own_database()
    {
        var status = await console.Until(s => s.Services.Count(one => one.State == "ready") == 4);

        Assert.Equal(["connector", "ledger", "calculation", "statements", "console"], status.Services.Select(s => s.Name));
        Assert.Equal(StandIn.StartedAt, status.Services[0].Since);
        Assert.Equal("1.0.0+connector", status.Services[0].Version);
        Assert.Equal("not-ready", status.Services[4].State);
        Assert.Equal([new("database console", false, "PostgreSQL does not answer.")], status.Services[4].Dependencies.Where(d => !d.Ok));
        Assert.NotEmpty(status.Services[4].Version ?? "");
    }

    [Fact]
    public async Task A_service_that_is_not_ready_is_shown_with_what_it_waits_for()
    {
        console["ledger"].Says(Readiness.NotReady, new("ledger", true, null), new("rabbitmq", false, "RabbitMQ does not answer."));

        var ledger = await console.Until("ledger", s => s.State == "not-ready");

        Assert.Equal(StandIn.StartedAt, ledger.Since);
        Assert.Equal([new("ledger", true, null), new("rabbitmq", false, "RabbitMQ does not answer.")], ledger.Dependencies);
    }

    [Fact]
    public async Task A_service_that_is_stopping_is_draining()
    {
        console["statements"].Says(Readiness.Draining);

        Assert.Equal(StandIn.StartedAt, (await console.Until("statements", s => s.State == "draining")).Since);
    }

    [Fact]
    public async Task A_service_that_dies_is_unreachable_since_then_with_its_last_version_until_it_is_back()
    {
        await console.Until("calculation", s => s.State == "ready");
        console.Logged.Clear();
        var before = DateTimeOffset.UtcNow;
        await console["calculation"].Die();

        var dead = await console.Until("calculation", s => s.State == "unreachable");
        Assert.InRange(dead.Since, before, DateTimeOffset.UtcNow);
        Assert.Equal("1.0.0+calculation", dead.Version);
        Assert.Empty(dead.Dependencies);

        var later = await console.Until(s => s.AsOf > dead.Since.AddSeconds(1));
        Assert.Equal(dead.Since, later.Services.Single(s => s.Name == "calculation").Since);

        await console["calculation"].Rise();
        Assert.Equal(StandIn.StartedAt, (await console.Until("calculation", s => s.State == "ready")).Since);
        // A request that was under way may break in its own way before the next one is refused: each reason is told once.
        var told = console.Logged.Where(line => line.Contains("Cannot reach calculation", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(told);
        Assert.Equal(told.Distinct(), told);
        Assert.Single(console.Logged, line => line.Contains("calculation answers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Services_that_never_answer_do_not_delay_the_others()
    {
        foreach (var silent in new[] { "connector", "calculation", "statements" }) console[silent].IsSilent = true;
        var all = await console.Until(s => s.Services.Count(one => one.State == "unreachable") == 3);
        console["ledger"].Says(Readiness.NotReady, new ReadinessCheck("ledger", false, "PostgreSQL does not answer."));

        var next = await console.Until(s => s.AsOf > all.AsOf);
        // One after the other, the three would take three times the patience of one second.
        Assert.InRange(next.AsOf - all.AsOf, TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
        await console.Until("ledger", s => s.State == "not-ready");
    }

    [Fact]
    public async Task One_that_cannot_say_in_time_whether_it_is_ready_is_there_but_not_ready()
    {
        console["ledger"].HidesReadiness = true;

        var ledger = await console.Until("ledger", s => s.State == "not-ready");

        Assert.Equal([new("readiness", false, "No answer within 1 s.")], ledger.Dependencies);
        Assert.Equal("1.0.0+ledger", ledger.Version);
    }

    [Fact]
    public async Task Another_service_at_its_address_does_not_pass_for_it()
    {
        await console.Until("ledger", s => s.State == "ready");
        console["ledger"].SaysItIs("connector");

        await console.Until("ledger", s => s.State == "unreachable");
        const string sentence = "Cannot reach ledger: The service at this address says it is connector.";
        Assert.Contains(console.Logged, line => line.Contains(sentence, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_watch_leaves_no_trace()
    {
        var ports = console.Services.Select(s => new Uri(s.Address).Port).ToHashSet();
        var spans = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            // What the tracer does by default: follow the parent, and begin a trace where there is none.
            Sample = (ref ActivityCreationOptions<ActivityContext> creation) =>
                creation.Parent == default || creation.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded)
                    ? ActivitySamplingResult.AllDataAndRecorded
                    : ActivitySamplingResult.None,
            ActivityStarted = activity =>
            {
                if (activity.GetTagItem("server.port") is int port && ports.Contains(port)) Interlocked.Increment(ref spans);
            },
        };
        ActivitySource.AddActivityListener(listener);
        // Who asks is looked up for each request of the test; that is not the watch.
        using var unrecorded = new Activity("test").Start();

        var seen = await console.Until(_ => true);
        await console.Until(s => s.AsOf > seen.AsOf.AddSeconds(1));

        Assert.Equal(0, spans);
        Assert.DoesNotContain(console.Services, service => service.WasTraced);
    }
}
