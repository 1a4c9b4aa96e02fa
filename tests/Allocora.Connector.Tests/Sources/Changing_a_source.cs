using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Allocora.Contracts.Api;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Allocora.Connector.Tests.Sources;

public sealed class Changing_a_source : IAsyncLifetime
{
    private RunningConnector connector = null!;
    private SourceCalls calls = null!;
    private SourceDetails source = null!;

    public async Task InitializeAsync()
    {
        connector = await RunningConnector.Start();
        calls = new(connector);
        source = await calls.Connect();
    }

    public async Task DisposeAsync() => await connector.DisposeAsync();

    [Fact]
    public async Task Only_what_is_sent_changes_and_a_stale_reader_is_told()
    {
        var (status, body, answer) = await Patch(new { name = "Store", currencies = new[] { "EUR" }, startDate = "2026-01-31" }, "\"1\"");
        Assert.Equal((HttpStatusCode.OK, "\"2\"", "Store"), (status, answer.Headers.ETag!.Tag, (string)body["name"]!));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await Patch(new { name = "Late" }, "\"1\"")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await Patch(new { name = "Late" }, "W/\"2\"")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Patch(new { name = "Store" }, "*")).Status);
        Assert.Equal(HttpStatusCode.OK, (await Patch(new { intervalMinutes = 15 })).Status);
        var now = await calls.Read(source.Id);
        Assert.Equal(("Store", "EUR", 15, 3L, new DateTimeOffset(2026, 1, 31, 0, 0, 0, TimeSpan.Zero)),
            (now.Name, now.Currencies.Single(), now.IntervalMinutes, now.Version, now.StartDate));
        Assert.True(now.Freshness.NextSyncAt < TimeProvider.System.GetUtcNow().AddMinutes(16));
        Assert.Equal("source_connected,source_changed,source_changed", await calls.Events());

        await Patch(new { startDate = "" });
        Assert.Null((await calls.Read(source.Id)).StartDate);
    }

    [Fact]
    public async Task A_command_of_one_name_is_done_once()
    {
        async Task<HttpStatusCode> Rename(string name)
        {
            using var request = new HttpRequestMessage(HttpMethod.Patch, SourceCalls.Url($"/{source.Id}")) { Content = JsonContent.Create(new { name }) };
            request.Headers.Add("Idempotency-Key", "rename");
            using var answer = await calls.Http.SendAsync(request);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.OK, await Rename("Store"));
        Assert.Equal(HttpStatusCode.Conflict, await Rename("Other"));
        Assert.Equal(("Store", 2L), ((await calls.Read(source.Id)).Name, (await calls.Read(source.Id)).Version));
    }

    [Fact]
    public async Task A_paused_source_is_not_due_until_it_is_resumed_with_a_key_that_still_opens()
    {
        var (keyId, key) = await calls.NewKey();
        await calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest(key, 0));
        Assert.Equal("paused", (string)(await calls.Post($"/{source.Id}/pause")).Body["state"]!);
        Assert.Null((await calls.Read(source.Id)).Freshness.NextSyncAt);

        Assert.Equal("active", (string)(await calls.Post($"/{source.Id}/resume")).Body["state"]!);
        await calls.Post($"/{source.Id}/pause");
        await calls.Revoke(keyId);
        var (status, problem, _) = await calls.Post($"/{source.Id}/resume");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "credential-invalid"), (status, (string)problem["reason"]!));
        Assert.Equal("paused", (await calls.Read(source.Id)).State);
    }

    [Fact]
    public async Task The_service_stops_a_source_and_says_why()
    {
        await connector.Of<StopSource>().Stop(RunningConnector.Workspace, source.Id, "credential-invalid", default);
        await connector.Of<StopSource>().Stop(RunningConnector.Workspace, source.Id, "key-expired", default);

        var now = await calls.Read(source.Id);
        Assert.Equal(("stopped", "credential-invalid", 2L), (now.State, now.StoppedBecause, now.Version));
        Assert.Equal(HttpStatusCode.Conflict, (await calls.Post($"/{source.Id}/pause")).Status);
        Assert.Equal(HttpStatusCode.OK, (await calls.Post($"/{source.Id}/resume")).Status);
        Assert.Equal("source_connected,source_stopped,source_resumed", await calls.Events());
    }

    [Fact]
    public async Task Disconnected_it_keeps_no_key_ends_its_syncs_and_takes_nothing_more()
    {
        await connector.Database.Ask($"""
            insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at)
            values ('{RunningConnector.Workspace}', 'run_1', '{source.Id}', 'full', 'running', 'person', now())
            """);
        Assert.Equal(HttpStatusCode.NoContent, (await calls.Send(HttpMethod.Delete, SourceCalls.Url($"/{source.Id}"))).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await calls.Send(HttpMethod.Delete, SourceCalls.Url($"/{source.Id}"))).Status);

        Assert.Equal(0L, await connector.Database.Ask("select count(*) from credential"));
        await Eventually.Sees(_ => connector.Database.Ask("select state from sync_run"), state => (string?)state == "cancelled");
        var now = await calls.Read(source.Id);
        Assert.Equal(("disconnected", null, null), (now.State, now.Key, now.Freshness.NextSyncAt));
        Assert.Equal("source-disconnected", (string)(await Patch(new { name = "Late" })).Body["code"]!);
        Assert.Equal("source-disconnected", (string)(await calls.Post($"/{source.Id}/resume")).Body["code"]!);
        var rotated = await calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest(connector.Paddle.Key));
        Assert.Equal("source-disconnected", (string)rotated.Body["code"]!);
        var worker = connector.Provider.GetRequiredKeyedService<NpgsqlDataSource>("connector_worker");
        var loaded = (await ReadSources.Load(worker, source.Id, default))!;
        await Assert.ThrowsAsync<NoKeyException>(() => connector.Of<OpenKey>().Open(loaded, default));
    }

    private Task<(HttpStatusCode Status, JsonNode Body, HttpResponseMessage Answer)> Patch(object body, string? ifMatch = null) =>
        calls.Send(HttpMethod.Patch, SourceCalls.Url($"/{source.Id}"), body, ifMatch);
}
