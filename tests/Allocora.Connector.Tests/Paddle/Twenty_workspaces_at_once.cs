using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Allocora.PaddleSandbox;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>T-429-1: whole histories of twenty workspaces behind one address, against a server that counts.</summary>
public sealed class Twenty_workspaces_at_once : IAsyncLifetime
{
    private const int Workspaces = 20;

    private Sandbox sandbox = null!;
    private ConnectorDatabase database = null!;
    private HttpClient control = null!;

    public async Task InitializeAsync()
    {
        sandbox = await Sandbox.Start(Options.Parse(["--port", "0", "--transactions", "1500"]));
        control = new HttpClient { BaseAddress = new Uri(sandbox.Control) };
        database = await ConnectorDatabase.Create();
    }

    public async Task DisposeAsync()
    {
        control.Dispose();
        await sandbox.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task All_get_their_share_and_Paddle_never_has_to_say_no()
    {
        // The real limit takes minutes to reach; here and now it is only the pace that is kept.
        var (limit, pages) = TestSize.IsFull ? (240, 30) : (4_800, 30);
        await Limit(limit);
        using var caller = new PaddleCaller(database, PaddleCaller.To(sandbox.Api, perMinute: limit * 236 / 240), sandbox.Key);
        var since = TimeProvider.System.GetTimestamp();

        var ends = await Task.WhenAll(Enumerable.Range(0, Workspaces).Select(async workspace =>
        {
            await Walk(caller, $"ws_{workspace}", pages);
            return TimeProvider.System.GetElapsedTime(since);
        }));

        var counters = await Counters();
        Assert.Equal((Workspaces * pages, 0, 0), ((int)counters["calls"]!, (int)counters["overLimit"]!, (int)counters["insideRetryAfter"]!));
        Assert.True(ends.Max() / ends.Min() <= 1.5, $"from {ends.Min()} to {ends.Max()}");
        Assert.True(ends.Max().TotalMinutes >= ((Workspaces * pages) - 20.0) / limit, $"too fast: {ends.Max()}");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 20)] // the other program knows when the database does; by then it would have made 150
    public async Task When_somebody_else_uses_the_address_up_nobody_calls_until_it_is_time(int programs, int meanwhileMax)
    {
        await Limit(100_000);
        foreach (var after in new[] { 100, 250 })
            (await control.PostAsJsonAsync("/faults", new { match = "GET /transactions", kind = "status", status = 429, retryAfter = 1, after }))
                .EnsureSuccessStatusCode();
        // With one call under way, none can cross the answer that says to wait.
        var options = PaddleCaller.To(sandbox.Api, perMinute: 9_000, atOnce: 1);
        var callers = Enumerable.Range(0, programs).Select(_ => new PaddleCaller(database, options, sandbox.Key)).ToList();

        var told = await Task.WhenAll(Enumerable.Range(0, Workspaces).Select(workspace => Walk(callers[workspace % programs], $"ws_{workspace}", 20)));
        foreach (var caller in callers) caller.Dispose();

        var counters = await Counters();
        Assert.Equal((2, 2), (told.Sum(), (int)counters["statuses"]!["429"]!));
        Assert.InRange((int)counters["insideRetryAfter"]!, 0, meanwhileMax);
        Assert.Equal((Workspaces * 20) + 2, (int)counters["calls"]!);
    }

    /// <summary>Returns how often it was told to come back later.</summary>
    private static async Task<int> Walk(PaddleCaller caller, string workspace, int pages)
    {
        var (after, told) = ("", 0);
        for (var page = 0; page < pages;)
        {
            try
            {
                var answer = await caller.Get($"/transactions?per_page=30&order_by=id[ASC]{after}", workspace, Urgency.Bulk);
                var json = JsonNode.Parse(answer.Body.Span)!;
                after = $"&after={(string)json["data"]!.AsArray()[^1]!["id"]!}";
                page++;
            }
            catch (PaddleUnavailableException e) when (e.Code == "rate-limited")
            {
                told++;
            }
        }
        return told;
    }

    private async Task Limit(int perMinute) =>
        (await control.PutAsJsonAsync("/rate-limit", new { enabled = true, perMinute })).EnsureSuccessStatusCode();

    private async Task<JsonNode> Counters() => JsonNode.Parse(await control.GetStringAsync(new Uri("/counters", UriKind.Relative)))!;
}
