using System.Globalization;
using System.Text.Json.Nodes;
using Allocora.Testing;

namespace Allocora.Connector.Tests.Reports;

/// <summary>What every other way of finding adjustments has missed is found by Paddle's report of them.</summary>
public sealed class Comparing_with_reports : IAsyncLifetime
{
    private SyncedSource source = null!;

    public async Task InitializeAsync()
    {
        source = await SyncedSource.Connect("--transactions", "1500", "--seed", "11", "--report-seconds", "0");
        await source.Paddle("POST", "/clock", new JsonObject { ["frozen"] = true });
        Assert.Equal("succeeded", (await source.Sync("full")).State);
    }

    public Task DisposeAsync() => source.DisposeAsync().AsTask();

    [Fact]
    public async Task What_was_missed_is_read_again_and_nothing_else()
    {
        var approved = (await Truth.Rows(source.Connector.Control, "/truth/adjustments")).Where(a => (string)a["status"]! == "approved");
        var newest = approved.OrderByDescending(a => DateTimeOffset.Parse((string)a["updated_at"]!, CultureInfo.InvariantCulture)).Take(3)
            .Select(a => (string)a["id"]!).ToArray();
        await Ask($"delete from provider_object where provider_id = '{newest[0]}'");
        await Ask($"""
            update provider_object set status = 'pending_approval', updated_at = updated_at - interval '1 day', revision = '' where provider_id = '{newest[1]}'
            """);
        // The report may be the one that is late.
        await Ask($"update provider_object set status = 'reversed' where provider_id = '{newest[2]}'");

        await Compare();
        await Eventually.Sees(
            _ => Ask("select reported_at = swept_at and not exists (select from webhook_event where handled_at is null) from source"),
            isOver => isOver is true);
        var hinted = await Ask("select array_agg(entity_id order by entity_id collate \"C\") from webhook_event where starts_with(event_id, 'report-')");
        Assert.Equal(newest[..2].Order(StringComparer.Ordinal), (string[])hinted!);
        Assert.Equal(2L, await Ask($"""
            select count(*) from provider_object where provider_id in ('{newest[0]}', '{newest[1]}') and status = 'approved' and standing = 'counts'
            """));
        Assert.Contains(source.Connector.Logged, line => line.StartsWith("Warning: Paddle's report knew 2 adjustments", StringComparison.Ordinal));

        await Compare();
        Assert.Equal(1, await Orders());
    }

    [Fact]
    public async Task A_source_that_knows_everything_is_told_nothing()
    {
        await Compare();
        await Eventually.Sees(_ => Ask("select reported_at = swept_at from source"), isOver => isOver is true);
        Assert.Equal(0L, await Ask("select count(*) from webhook_event where starts_with(event_id, 'report-')"));
        Assert.Equal(1, await Orders());
    }

    [Fact]
    public async Task While_another_report_is_made_it_waits_for_a_later_time()
    {
        await source.Paddle("POST", "/faults", new JsonObject
        {
            ["match"] = "POST /reports",
            ["kind"] = "status",
            ["status"] = 400,
            ["code"] = "concurrent_report_generation_not_allowed",
            ["times"] = 0,
        });
        await Compare();
        await Compare();
        Assert.Equal(DBNull.Value, await Ask("select reported_at from source"));
        Assert.Equal(1, await Orders());
    }

    [Theory]
    [InlineData("lacks = array['report.write']")]
    [InlineData("state = 'paused'")]
    [InlineData("swept_at = null")]
    [InlineData("reported_at = swept_at - interval '11 hours'")]
    public async Task No_report_is_ordered_of_a_source_that(string change)
    {
        await Ask($"update source set {change}");
        await Compare();
        Assert.Equal(0, await Orders());
    }

    private Task Compare() => source.Connector.Of<CompareReports>().Run(default);

    private Task<object?> Ask(string statement) => source.Connector.Database.Ask(statement);

    private async Task<int> Orders() => (int?)(await source.Paddle("GET", "/counters"))["routes"]!["POST /reports"] ?? 0;
}
