using System.Net;
using System.Text;
using Allocora.Contracts.Api;
using Allocora.Testing;

namespace Allocora.Connector.Tests.Sources;

public sealed class Rotating_a_key : IAsyncLifetime
{
    private readonly ManualTime time = new(TimeProvider.System.GetUtcNow());
    private RunningConnector connector = null!;
    private SourceCalls calls = null!;
    private SourceDetails source = null!;

    public async Task InitializeAsync()
    {
        connector = await RunningConnector.Start(new ConnectorWish { Time = time });
        calls = new(connector);
        source = await calls.Connect();
    }

    public async Task DisposeAsync() => await connector.DisposeAsync();

    [Fact]
    public async Task The_new_key_opens_and_the_old_one_is_gone_after_its_time()
    {
        var (keyId, key) = await calls.NewKey();
        var (status, body, _) = await calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest(key, 60));

        Assert.Equal((HttpStatusCode.OK, $"{key[..26]}****"), (status, (string)body["key"]!["masked"]!));
        Assert.Equal(key, await OpenKey());
        Assert.Equal($"active:{keyId},grace:apikey_{connector.Paddle.Key[16..42]}", await Kept());

        time.Advance(TimeSpan.FromMinutes(59));
        await connector.Of<ForgetOldKeys>().Run(default);
        Assert.Equal(2, (await Kept()).Split(',').Length);
        time.Advance(TimeSpan.FromMinutes(1));
        await connector.Of<ForgetOldKeys>().Run(default);
        Assert.Equal($"active:{keyId}", await Kept());
        Assert.Null((await calls.Read(source.Id)).Key!.OldGoodUntil);
    }

    [Fact]
    public async Task Without_grace_the_old_key_is_gone_at_once()
    {
        var (keyId, key) = await calls.NewKey();
        await calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest(key, 0));
        Assert.Equal($"active:{keyId}", await Kept());
    }

    [Fact]
    public async Task A_stopped_source_goes_on_with_the_new_key()
    {
        await connector.Of<StopSource>().Stop(RunningConnector.Workspace, source.Id, "credential-invalid", default);
        await calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest((await calls.NewKey()).Key));

        Assert.Equal(("active", null), ((await calls.Read(source.Id)).State, (await calls.Read(source.Id)).StoppedBecause));
        Assert.Equal("source_connected,source_stopped,source_key_rotated,source_resumed", await calls.Events());
    }

    [Fact]
    public async Task A_key_of_the_other_environment_is_refused()
    {
        var live = connector.Paddle.Key.Replace("sdbx", "live", StringComparison.Ordinal);
        Assert.Equal("credential-wrong-environment", await RefusedBecause(live));
    }

    [Fact]
    public async Task A_key_that_does_not_open_is_refused_and_the_old_one_stays()
    {
        var (id, key) = await calls.NewKey();
        await calls.Revoke(id);

        Assert.Equal("credential-invalid", await RefusedBecause(key));
        Assert.Equal(connector.Paddle.Key, await OpenKey());
    }

    [Fact]
    public async Task A_key_of_another_account_is_refused_by_the_account_or_by_a_sale_it_does_not_know()
    {
        await connector.Database.Ask("update source set account = '2'");
        Assert.Equal("credential-wrong-account", await RefusedBecause((await calls.NewKey()).Key));

        await connector.Database.Ask($"""
            update source set account = null;
            insert into provider_object (
              tenant_id, environment, provider_id, kind, source_id, status, created_at, updated_at, revision, content, standing, is_open)
            select tenant_id, environment, 'txn_{new string('9', 26)}', 'transaction', id, 'completed', now(), now(), '', '', 'counts', false from source
            """);
        Assert.Equal("credential-wrong-account", await RefusedBecause((await calls.NewKey()).Key));
        Assert.Equal(connector.Paddle.Key, await OpenKey());
    }

    [Fact]
    public async Task Many_rotations_at_once_leave_one_key()
    {
        var keys = new List<string>();
        for (var i = 0; i < 5; i++) keys.Add((await calls.NewKey()).Key);
        var answers = await Task.WhenAll(keys.Select(key => calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest(key, 60))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal("1 of 6", await connector.Database.Ask("select count(*) filter (where state = 'active') || ' of ' || max(version) from credential"));
        Assert.Contains(await OpenKey(), keys);
    }

    private async Task<string> RefusedBecause(string key)
    {
        var (status, problem, _) = await calls.Post($"/{source.Id}/rotate-key", new RotateSourceKeyRequest(key));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        return (string)problem["reason"]!;
    }

    private async Task<string> OpenKey()
    {
        var loaded = (await ReadSources.Load(connector.Database.Worker, source.Id, default))!;
        using var key = (await connector.Of<OpenKey>().Open(loaded, default)).Key;
        return Encoding.UTF8.GetString(key.Reveal());
    }

    private async Task<string> Kept() =>
        (string)(await connector.Database.Ask("select string_agg(state || ':' || key_id, ',' order by version desc) from credential"))!;
}
