using System.Text.Json;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Allocora.Ledger.Tests.Telling.Happenings;

namespace Allocora.Ledger.Tests.Telling;

public sealed class Revenue_on_the_broker
{
    private const string Position = "select last_seq_id from mt_event_progression where name = 'relay:allocora.events'";

    [Fact]
    public async Task A_stock_client_receives_each_fact_with_the_documented_headers()
    {
        await using var ledger = await RunningLedger.Start();
        await using var queue = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.revenue", "*.revenue.#");
        await Append(ledger.Database, [.. Untold, .. Told]);

        var messages = await Eventually.Sees(() => queue.Messages, seen => seen.Count >= Told.Length);
        await Reaches(ledger, Untold.Length + Told.Length);

        Assert.Equal(Told.Length, queue.Messages.Count);
        var first = messages[0];
        Assert.Equal($"{RunningLedger.Workspace}.{RevenueTransactionRecorded.Name}", first.RoutingKey);
        Assert.Equal($"com.allocora.{RevenueTransactionRecorded.Name}", first.Type);
        var told = JsonSerializer.Deserialize<RevenueTransactionRecorded>(first.Body, JsonSerializerOptions.Web)!;
        var expected = new Dictionary<string, string>
        {
            ["cloudEvents_specversion"] = "1.0",
            ["cloudEvents_id"] = first.Id,
            ["cloudEvents_type"] = first.Type,
            ["cloudEvents_source"] = $"/workspaces/{RunningLedger.Workspace}/ledger",
            ["cloudEvents_subject"] = told.FactId,
            ["cloudEvents_time"] = "2026-10-01T09:30:00.000000Z",
            ["cloudEvents_recordedtime"] = "2026-10-02T09:30:00.000000Z",
            ["cloudEvents_datacontenttype"] = "application/json",
            ["cloudEvents_sequence"] = $"{Untold.Length + 1:D19}",
            ["cloudEvents_partitionkey"] = SaleId,
            ["cloudEvents_correlationid"] = Run,
            ["cloudEvents_causationid"] = "msg_1",
            ["cloudEvents_traceparent"] = Traceparent,
            ["traceparent"] = Traceparent,
            ["tenant-id"] = RunningLedger.Workspace,
        };
        Assert.Equal(Sorted(expected), Sorted(first.Headers.Where(h => h.Key != "sent-at")));
        Assert.All(messages, m => Assert.Equal(SaleId, m.Headers["cloudEvents_partitionkey"]));
        var positions = messages.Select(m => m.Headers["cloudEvents_sequence"]).ToList();
        Assert.Equal(positions.Order(StringComparer.Ordinal), positions);
    }

    [Fact]
    public async Task The_id_of_a_message_is_that_of_its_event()
    {
        await using var ledger = await RunningLedger.Start();
        await using var queue = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.revenue", "*.revenue.#");
        await Append(ledger.Database, [Told[0]]);

        var message = Assert.Single(await Eventually.Sees(() => queue.Messages, seen => seen.Count > 0));
        Assert.Equal(await ledger.Database.Ask("select id::text from mt_events"), message.Id);
    }

    [Fact]
    public async Task Told_again_it_has_the_same_ids()
    {
        await using var ledger = await RunningLedger.Start();
        await using var queue = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.revenue", "*.revenue.#");
        await Append(ledger.Database, [.. Told]);
        await Eventually.Sees(() => queue.Ids, seen => seen.Count >= Told.Length);
        await Reaches(ledger, Told.Length);

        await ledger.Of<IServiceProvider>().GetRequiredKeyedService<Relay>(Exchanges.Events).Rewind(0, CancellationToken.None);

        var ids = await Eventually.Sees(() => queue.Ids, seen => seen.Count >= 2 * Told.Length);
        Assert.Equal(ids.Take(Told.Length), ids.Skip(Told.Length));
    }

    [Fact]
    public async Task A_broker_that_lost_what_it_knew_is_told_all_again()
    {
        await using var ledger = await RunningLedger.Start();
        await using var queue = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.revenue", "*.revenue.#");
        await Append(ledger.Database, [.. Told]);
        await Eventually.Sees(() => queue.Ids, seen => seen.Count >= Told.Length);
        await Reaches(ledger, Told.Length);

        await queue.Forget(BrokerMark.Name("ledger", Exchanges.Events));
        foreach (var connection in await ledger.Vhost.Connections(atLeast: 3)) await ledger.Vhost.Close(connection);

        await using var again = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.revenue", "*.revenue.#");
        var ids = await Eventually.Sees(() => again.Ids, seen => seen.Count >= Told.Length);
        Assert.Equal(queue.Ids, ids);
    }

    [Fact]
    public async Task Of_another_workspace_a_queue_bound_to_one_hears_nothing()
    {
        await using var ledger = await RunningLedger.Start();
        await using var one = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.one", $"{RunningLedger.Workspace}.#");
        await using var all = await RevenueQueue.Open(ledger.Vhost.Address, "stranger.all", "*.revenue.#");
        await Append(ledger.Database, [.. Told], RunningLedger.OtherWorkspace);
        await Append(ledger.Database, [.. Told]);

        await Eventually.Sees(() => (One: one.Messages.Count, All: all.Messages.Count), seen => seen == (Told.Length, 2 * Told.Length));

        Assert.All(one.Messages, m => Assert.Equal(RunningLedger.Workspace, m.Headers["tenant-id"]));
    }

    private static IEnumerable<KeyValuePair<string, string>> Sorted(IEnumerable<KeyValuePair<string, string>> headers) =>
        headers.OrderBy(h => h.Key, StringComparer.Ordinal);

    private static async Task Reaches(RunningLedger ledger, long position) =>
        await Eventually.Sees(_ => ledger.Database.Ask(Position), seen => seen is long there && there == position);
}
