using Allocora.Console.Tests.Workspaces;
using Allocora.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Allocora.Console.Tests.Subscribers;

public sealed class Accounts_of_subscribers
{
    private const string Body = """{"name":"CRM"}""";

    [Fact]
    public async Task A_password_is_shown_once_and_kept_nowhere()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var path = ConsoleOnBroker.PathOf(broker.Workspace);

        var added = await broker.Add();
        var listed = await broker.Console.Ask(broker.Ann, HttpMethod.Get, path);

        var (password, id) = (ConsoleOnBroker.Text(added, "password"), ConsoleOnBroker.Text(added, "id"));
        Assert.Equal(
            ($"sub-{id[4..]}", $"sub.{id[4..]}.", "allocora.events", $"{broker.Workspace}.revenue.#"),
            (ConsoleOnBroker.Text(added, "user"), ConsoleOnBroker.Text(added, "queuePrefix"), ConsoleOnBroker.Text(added, "exchange"),
                ConsoleOnBroker.Text(added, "exampleBinding")));
        var only = Assert.Single(listed.Data);
        Assert.Equal((id, "CRM", "active"), (ConsoleOnBroker.Text(only, "id"), ConsoleOnBroker.Text(only, "name"), ConsoleOnBroker.Text(only, "state")));
        Assert.DoesNotContain(password, listed.Whole, StringComparison.Ordinal);
        Assert.DoesNotContain("hash", listed.Whole, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0L, await broker.Console.Database.Ask($"select count(*) from mt_events where concat(data, headers) like '%{password}%'"));
    }

    [Fact]
    public async Task An_account_is_added_once_under_one_name_of_the_request()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var path = ConsoleOnBroker.PathOf(broker.Workspace);
        var first = await broker.Console.Ask(broker.Ann, HttpMethod.Post, path, Body, "one");

        Assert.Equal(first.Whole, (await broker.Console.Ask(broker.Ann, HttpMethod.Post, path, Body, "one")).Whole);
        await broker.Console.Database.Ask("delete from idempotency");
        var again = await broker.Console.Ask(broker.Ann, HttpMethod.Post, path, Body, "one");

        Assert.Equal((201, 409, "already-done"), (first.Status, again.Status, again.Code));
        Assert.Single((await broker.Console.Ask(broker.Ann, HttpMethod.Get, path)).Data);
        await broker.DeleteUser(first.Text("user"));
    }

    [Fact]
    public async Task Revoked_twice_it_is_told_once()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var id = ConsoleOnBroker.Text(await broker.Add(), "id");

        Assert.Equal((204, 204), (await broker.Revoke(id), await broker.Revoke(id)));

        Assert.Equal(1L, await broker.Console.Database.Ask("select count(*) from mt_events where type = 'subscriber_revoked'"));
        var listed = await broker.Console.Ask(broker.Ann, HttpMethod.Get, ConsoleOnBroker.PathOf(broker.Workspace));
        Assert.Equal("revoked", ConsoleOnBroker.Text(listed.Data[0], "state"));
        Assert.Equal(404, await broker.Revoke($"sub_{new string('0', 26)}"));
    }

    [Fact]
    public async Task One_of_another_workspace_is_not_there()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var added = await broker.Add(await broker.Console.Open(broker.Ann, "other"));

        Assert.Equal(404, await broker.Revoke(ConsoleOnBroker.Text(added, "id")));

        Assert.True(await broker.HasUser(ConsoleOnBroker.Text(added, "user")));
        Assert.Empty((await broker.Console.Ask(broker.Ann, HttpMethod.Get, ConsoleOnBroker.PathOf(broker.Workspace))).Data);
    }

    [Fact]
    public async Task Who_may_not_write_keys_sees_them_and_no_more()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var (console, path, id) = (broker.Console, ConsoleOnBroker.PathOf(broker.Workspace), ConsoleOnBroker.Text(await broker.Add(), "id"));
        var ben = await console.Join(broker.Workspace, broker.Ann, "operator", "ben");

        Assert.Equal(200, (await console.Ask(ben, HttpMethod.Get, path)).Status);
        Assert.Equal(403, (await console.Ask(ben, HttpMethod.Post, path, Body)).Status);
        Assert.Equal(403, (await console.Ask(ben, HttpMethod.Post, $"{path}/{id}/revoke")).Status);
        Assert.Equal(403, (await console.Ask(broker.Ann, HttpMethod.Post, path, Body, isFresh: false)).Status);
        Assert.Equal(404, (await console.Ask(await console.Person("eve"), HttpMethod.Get, path)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("a\\nb")]
    public async Task A_name_has_to_be_one(string name)
    {
        await using var console = await AccessConsole.Start("--ConnectionStrings:rabbitmq_admin=http://a:b@127.0.0.1:1");
        var ann = await console.Owner();
        var path = ConsoleOnBroker.PathOf(await console.Open(ann, "acme"));

        Assert.Equal(400, (await console.Ask(ann, HttpMethod.Post, path, "{}")).Status);
        foreach (var given in new[] { name, new string('x', 101) })
            Assert.Equal(["#/name"], (await console.Ask(ann, HttpMethod.Post, path, $$"""{"name":"{{given}}"}""")).Pointers);
    }

    [Fact]
    public async Task Without_a_broker_to_make_them_on_it_is_said_how_to_name_one()
    {
        await using var console = await AccessConsole.Start();
        var ann = await console.Owner();
        var path = ConsoleOnBroker.PathOf(await console.Open(ann, "acme"));

        foreach (var answer in new[]
        {
            await console.Ask(ann, HttpMethod.Get, path), await console.Ask(ann, HttpMethod.Post, path, Body),
            await console.Ask(ann, HttpMethod.Post, $"{path}/sub_1/revoke"),
        })
            Assert.Equal((409, "subscribers-not-configured"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task While_the_broker_is_away_nothing_is_done_and_the_same_request_is_good_later()
    {
        await using var console = await AccessConsole.Start("--ConnectionStrings:rabbitmq_admin=http://a:x7fk20sj@127.0.0.1:1");
        var ann = await console.Owner();
        var path = ConsoleOnBroker.PathOf(await console.Open(ann, "acme"));

        foreach (var _ in new[] { 1, 2 })
        {
            var away = await console.Ask(ann, HttpMethod.Post, path, Body, "one");
            Assert.Equal((503, "broker-unavailable"), (away.Status, away.Code));
            Assert.DoesNotContain("x7fk20sj", away.Whole, StringComparison.Ordinal);
        }
        Assert.Empty((await console.Ask(ann, HttpMethod.Get, path)).Data);
        Assert.Equal(0L, await console.Database.Ask("select count(*) from mt_events where type like 'subscriber%'"));
    }

    [Fact]
    public async Task What_the_broker_does_not_finish_is_revoked()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0", "--hostBuilder:reloadConfigOnChange=false"]);
        await using var half = builder.Build();
        half.MapFallback((HttpRequest request) =>
            HttpMethods.IsGet(request.Method) ? Results.Ok() : Results.StatusCode(request.Path.StartsWithSegments("/api/users") ? 204 : 500));
        await half.StartAsync();
        var address = half.Urls.First().Replace("//", "//a:b@", StringComparison.Ordinal);
        await using var console = await AccessConsole.Start($"--ConnectionStrings:rabbitmq_admin={address}");
        var ann = await console.Owner();
        var path = ConsoleOnBroker.PathOf(await console.Open(ann, "acme"));

        var answer = await console.Ask(ann, HttpMethod.Post, path, Body);

        Assert.Equal((503, "broker-unavailable"), (answer.Status, answer.Code));
        var only = Assert.Single((await console.Ask(ann, HttpMethod.Get, path)).Data);
        Assert.Equal("revoked", ConsoleOnBroker.Text(only, "state"));
    }

    [Fact]
    public async Task Users_nobody_added_or_somebody_revoked_do_not_live_on()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var (live, revoked) = (await broker.Add(), await broker.Add());
        Assert.Equal(204, await broker.Revoke(ConsoleOnBroker.Text(revoked, "id")));
        var stranger = $"sub-{NewId.For("sub", DateTimeOffset.UtcNow)[4..]}";
        var service = $"sub-service-{Guid.NewGuid():N}";
        foreach (var user in new[] { ConsoleOnBroker.Text(revoked, "user"), stranger, service }) await broker.MakeUser(user);

        await broker.Keeper.Round(default);

        Assert.Equal((false, false), (await broker.HasUser(stranger), await broker.HasUser(ConsoleOnBroker.Text(revoked, "user"))));
        Assert.Equal((true, true), (await broker.HasUser(service), await broker.HasUser(ConsoleOnBroker.Text(live, "user"))));
    }

    [Fact]
    public async Task A_user_the_broker_lost_is_made_again_with_the_password_it_had()
    {
        await using var broker = await ConsoleOnBroker.Start();
        var account = await broker.Add();
        await broker.DeleteUser(ConsoleOnBroker.Text(account, "user"));

        await broker.Keeper.Round(default);

        await using var connection = await broker.Connect(account);
        Assert.True(connection.IsOpen);
    }
}
