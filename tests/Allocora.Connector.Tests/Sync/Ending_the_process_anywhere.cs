using System.Net.Http.Json;
using Allocora.Contracts.Api;
using Allocora.PaddleSandbox;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>A connector that is killed comes to the same end as one that is not.</summary>
public sealed class Ending_the_process_anywhere : IAsyncLifetime
{
    private const string Program = "Allocora.FaultyConnector.dll", LastRun = "select state from sync_run order by id desc limit 1";
    private ConnectorDatabase database = null!;
    private TestVhost vhost = null!;
    private Sandbox paddle = null!;
    private LedgerLog ledger = null!;
    private IngestQueue queue = null!;
    private string[] told = [];

    public async Task InitializeAsync()
    {
        (database, vhost) = (await ConnectorDatabase.Create(), await TestVhost.Create());
        paddle = await Sandbox.Start(Options.Parse(["--port", "0", "--transactions", $"{TestSize.Of(20_000, 1_500)}", "--seed", "5", "--no-rate-limit"]));
        ledger = await LedgerLog.Create();
        queue = await IngestQueue.Open(vhost, ledger);
        await using var connector = await RunningConnector.Start(new ConnectorWish
        {
            Database = database,
            Vhost = vhost,
            Ledger = ledger,
            Settings = [$"--Paddle:BaseUrls:sandbox={paddle.Api}", "--Sync:Lease=00:00:01"],
        });
        var connected = await connector.As("sources.write", "workspace.read").PostAsJsonAsync(
            $"/api/v1/workspaces/{RunningConnector.Workspace}/sources",
            new { name = "Ours", provider = "paddle", apiKey = paddle.Key, currencies = Array.Empty<string>() });
        Assert.True(connected.IsSuccessStatusCode, await connected.Content.ReadAsStringAsync());
        told = connector.Told;
        var source = (await connected.Content.ReadFromJsonAsync<SourceDetails>())!.Id;
        await database.Ask($"""
            insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at)
            values ('{RunningConnector.Workspace}', 'run_01hf7yat00000000000000000a', '{source}', 'full', 'queued', 'person', now())
            """);
    }

    public async Task DisposeAsync()
    {
        await queue.DisposeAsync();
        await paddle.DisposeAsync();
        await ledger.DisposeAsync();
        await vhost.DisposeAsync();
        await database.DisposeAsync();
    }

    [Theory]
    [InlineData("after-fetch:3")]
    [InlineData("after-page-commit:4")]
    [InlineData("before-confirm:2")]
    [InlineData("before-mark:1")]
    [InlineData("after-mark:2")]
    public async Task At_a_named_point(string point)
    {
        await using (var dying = await Start(point)) Assert.NotEqual(0, await dying.Exited.WaitAsync(Eventually.Deadline));
        await using var living = await Start();
        await Ends();
    }

    [Fact]
    public async Task At_any_moment_many_times()
    {
        var kills = TestSize.Of(20, 4);
        for (var kill = 1; kill <= kills; kill++)
        {
            await using var dying = await Start();
            var pages = kill * 2;
            await Eventually.Sees(_ => database.Ask("select count(*) from sync_page"), count => (long)count! >= pages);
            await dying.Kill();
        }
        Assert.NotEqual("succeeded", await database.Ask(LastRun));
        await using var living = await Start();
        await Ends();
    }

    /// <summary>The run is over, all that Paddle has was told, and the log of it is whole.</summary>
    private async Task Ends()
    {
        await Eventually.Sees(_ => database.Ask(LastRun), state => (string?)state is "succeeded" or "failed", TimeSpan.FromMinutes(5));
        Assert.Equal("succeeded", await database.Ask(LastRun));
        await Eventually.Sees(() => queue.Named("paddle.run.ended.v1").Any(), isThere => isThere);
        using var control = new HttpClient { BaseAddress = new(paddle.Control) };
        await Truth.Equals(control, queue);
        const string gaps = "select count(*) from (select no, row_number() over (order by no) as place from sync_page) as p where no <> place";
        Assert.Equal(0L, await database.Ask(gaps));
        Assert.Equal(true, await database.Ask("select (select rows from sync_run) = (select count(*) from sync_row where not released)"));
        Assert.Equal(0L, await database.Ask("select count(*) from outbox where sent_at is null"));
        // Each version of an object is to be told once, however often its message went out.
        Assert.Equal(0L, await database.Ask("""
            select count(*) from (
              select from outbox where kind in ('transaction', 'adjustment') group by provider_id, revision having count(*) > 1) as twice
            """));
    }

    private Task<ChildProgram> Start(string? fault = null)
    {
        var own = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        var configuration = Path.Combine(Path.GetFileName(Path.GetDirectoryName(own)!), Path.GetFileName(own));
        var folder = Path.Combine(Repository.Root, "tests", "FaultyConnector", "bin", configuration);
        var environment = new Dictionary<string, string> { ["ALLOCORA_FAULT"] = fault ?? "" };
        return ChildProgram.Start("faulty-connector", "dotnet", folder, environment, [Path.Combine(folder, Program), .. told]);
    }
}
