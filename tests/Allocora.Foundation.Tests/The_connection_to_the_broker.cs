using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Allocora.Foundation.Tests;

public sealed class The_connection_to_the_broker : IAsyncLifetime
{
    private TestVhost vhost = null!;

    public async Task InitializeAsync() => vhost = await TestVhost.Create();

    public async Task DisposeAsync() => await vhost.DisposeAsync();

    [Fact]
    public async Task Is_ready_once_it_is_open()
    {
        using var host = Connecting(vhost.Address);
        await host.StartAsync();

        await Eventually.Sees(ct => Hosts.Check(host, "rabbitmq", ct), seen => seen.Ok);

        await host.StopAsync();
    }

    [Fact]
    public async Task Is_opened_again_when_the_broker_closes_it()
    {
        using var host = Connecting(vhost.Address);
        await host.StartAsync();
        var first = await vhost.Connections(atLeast: 2);
        await Eventually.Sees(ct => Hosts.Check(host, "rabbitmq", ct), seen => seen.Ok);

        await vhost.Close(first[0]);
        await vhost.Close(first[1]);
        await Eventually.Sees(async _ => await vhost.Connections(atLeast: 2), names => !names.Intersect(first).Any());
        await Eventually.Sees(ct => Hosts.Check(host, "rabbitmq", ct), seen => seen.Ok);

        await host.StopAsync();
    }

    [Fact]
    public async Task Is_closed_when_the_host_stops()
    {
        using var host = Connecting(vhost.Address);
        await host.StartAsync();
        Assert.Equal(2, (await vhost.Connections(atLeast: 2)).Count);

        await host.StopAsync();

        await Eventually.Sees(async _ => await vhost.Connections(atLeast: 0), names => names.Count == 0);
    }

    [Fact]
    public async Task Says_that_the_password_is_refused()
    {
        var wrong = new UriBuilder(vhost.Address) { Password = "wrong" }.Uri;

        Assert.Equal("RabbitMQ refuses the user or password.", await WhyNotReady(wrong));
    }

    [Fact]
    public async Task Says_that_the_virtual_host_is_not_there()
    {
        var nowhere = new UriBuilder(vhost.Address) { Path = "/nowhere" }.Uri;

        Assert.StartsWith("RabbitMQ closed the connection: NOT_ALLOWED", await WhyNotReady(nowhere), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Says_that_nobody_answers() => Assert.Equal("RabbitMQ does not answer.", await WhyNotReady(new("amqp://a:b@127.0.0.1:1/")));

    [Theory]
    [InlineData(null, "ConnectionStrings__rabbitmq is missing")]
    [InlineData("127.0.0.1:5672", "ConnectionStrings__rabbitmq is not a RabbitMQ address")]
    [InlineData("http://user:not-for-the-log@127.0.0.1/", "ConnectionStrings__rabbitmq is not a RabbitMQ address")]
    [InlineData("amqp://user:not-for-the-log:x@127.0.0.1/", "ConnectionStrings__rabbitmq is not a RabbitMQ address")]
    [InlineData("amqp://user:not-for-the-log@127.0.0.1/one/two", "ConnectionStrings__rabbitmq is not a RabbitMQ address")]
    public void An_address_that_cannot_work_is_named_and_not_quoted(string? address, string sentence)
    {
        var refused = Assert.Throws<OptionsValidationException>(
            () => Hosts.With(b => b.AddBroker("rabbitmq", "test"), ("ConnectionStrings:rabbitmq", address)));

        Assert.StartsWith(sentence, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not-for-the-log", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<string> WhyNotReady(Uri address)
    {
        using var host = Connecting(address);
        await host.StartAsync();
        var (_, detail) = await Eventually.Sees(
            ct => Hosts.Check(host, "rabbitmq", ct), seen => !seen.Ok && seen.Detail != "RabbitMQ has not answered yet.");
        await host.StopAsync();
        return detail!;
    }

    private static IHost Connecting(Uri address) => Hosts.With(
        b =>
        {
            b.Services.AddSingleton(TimeProvider.System);
            b.AddBroker("rabbitmq", "test");
        },
        ("ConnectionStrings:rabbitmq", address.ToString()));
}
