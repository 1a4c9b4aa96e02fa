using Allocora.Connector.Tests.Sources;
using Allocora.Contracts.Api;
using Allocora.Testing;

namespace Allocora.Connector.Tests.Webhooks;

public sealed class Heeding_what_is_said_of_keys : IAsyncLifetime
{
    private RunningConnector connector = null!;
    private SourceCalls calls = null!;
    private SourceDetails source = null!;
    private string keyId = "";

    public async Task InitializeAsync()
    {
        connector = await RunningConnector.Start();
        calls = new(connector);
        (keyId, var key) = await calls.NewKey();
        source = await calls.Connect(key);
    }

    public async Task DisposeAsync() => await connector.DisposeAsync();

    [Theory]
    [InlineData("api_key.revoked", "key-revoked", "id")]
    [InlineData("api_key.expired", "key-expired", "id")]
    [InlineData("api_key_exposure.created", "key-exposed", "api_key_id")]
    public async Task A_source_is_stopped_once_Paddle_refuses_its_key_and_not_before(string type, string because, string member)
    {
        await Told("evt_1", type, $$"""{"{{member}}":"{{keyId}}"}""");
        Assert.Equal("unverified", await Outcome("evt_1"));
        Assert.Equal("active", (await calls.Read(source.Id)).State);

        await calls.Revoke(keyId);
        await Told("evt_2", type, """{"id":"apikey_another","api_key_id":"apikey_another"}""");
        Assert.Equal("ignored", await Outcome("evt_2"));
        Assert.Equal("active", (await calls.Read(source.Id)).State);

        await Told("evt_3", type, $$"""{"{{member}}":"{{keyId}}"}""");
        Assert.Equal("verified", await Outcome("evt_3"));
        Assert.Equal(("stopped", because), ((await calls.Read(source.Id)).State, (await calls.Read(source.Id)).StoppedBecause));
    }

    [Fact]
    public async Task When_the_key_expires_is_kept_and_shown_two_weeks_before()
    {
        var now = TimeProvider.System.GetUtcNow();
        Assert.False(source.KeyExpiresSoon);
        await Told("evt_1", "api_key.expiring", $$"""{"id":"{{keyId}}","expires_at":"{{now.AddDays(15):O}}"}""");
        Assert.Equal("read", await Outcome("evt_1"));
        Assert.False((await calls.Read(source.Id)).KeyExpiresSoon);

        await Told("evt_2", "api_key.expiring", $$"""{"id":"{{keyId}}","expires_at":"{{now.AddDays(13):O}}"}""");
        Assert.Equal("read", await Outcome("evt_2"));
        Assert.True((await calls.Read(source.Id)).KeyExpiresSoon);
    }

    [Fact]
    public async Task While_Paddle_is_away_it_stays_to_be_done()
    {
        await calls.Fault(new { match = "*", kind = "status", status = 503, times = 0 });
        await Told("evt_1", "api_key.revoked", $$"""{"id":"{{keyId}}"}""");
        await connector.Of<HeedKeyEvents>().Run(default);

        Assert.Equal(1L, await connector.Database.Ask("select count(*) from webhook_event where handled_at is null"));
        Assert.Equal("active", (await calls.Read(source.Id)).State);
    }

    private async Task Told(string id, string type, string data) => await connector.Database.Ask($"""
        insert into webhook_event (tenant_id, source_id, event_id, event_type, occurred_at, received_at, data)
        values ('{RunningConnector.Workspace}', '{source.Id}', '{id}', '{type}', now(), now(), '{data}');
        select pg_notify('{TakeWebhook.Channel}', '{source.Id}')
        """);

    private async Task<string> Outcome(string id) => (await Eventually.Sees(
        async _ => await connector.Database.Ask($"select outcome from webhook_event where event_id = '{id}'") as string, outcome => outcome is not null))!;
}
