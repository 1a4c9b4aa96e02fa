using System.Text.Json;
using Allocora.Contracts.Messages;
using Allocora.Testing;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Allocora.Console.Tests.Subscribers;

/// <summary>With a stock client and the account that was shown.</summary>
public sealed class Listening_to_one_workspace : IAsyncLifetime
{
    private const ushort AccessRefused = 403;
    private ConsoleOnBroker broker = null!;
    private JsonElement account;
    private string queue = "", other = "";

    public async Task InitializeAsync()
    {
        broker = await ConsoleOnBroker.Start();
        other = await broker.Console.Open(broker.Ann, "other");
        account = await broker.Add();
        queue = $"{ConsoleOnBroker.Text(account, "queuePrefix")}crm";
    }

    public Task DisposeAsync() => broker.DisposeAsync().AsTask();

    [Theory]
    [InlineData(".#")]
    [InlineData(".revenue.#")]
    [InlineData(".revenue.*.recorded.v1")]
    public async Task It_hears_its_own_workspace_and_no_other(string binding)
    {
        await using var connection = await broker.Connect(account);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(queue, Exchanges.Events, $"{broker.Workspace}{binding}");

        await broker.Tell($"{other}.revenue.transaction.recorded.v1");
        await broker.Tell($"{broker.Workspace}.revenue.transaction.recorded.v1");

        var heard = await Eventually.Sees(async ct => await channel.BasicGetAsync(queue, autoAck: true, ct), message => message is not null);
        Assert.Equal($"{broker.Workspace}.revenue.transaction.recorded.v1", heard!.RoutingKey);
        Assert.Null(await channel.BasicGetAsync(queue, autoAck: true));
    }

    [Fact]
    public async Task Its_example_can_be_bound()
    {
        await using var connection = await broker.Connect(account);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(queue, ConsoleOnBroker.Text(account, "exchange"), ConsoleOnBroker.Text(account, "exampleBinding"));

        Assert.Equal((broker.Address.Host, $"/{broker.Address.AbsolutePath[1..]}"),
            (new Uri(ConsoleOnBroker.Text(account, "address")).Host, new Uri(ConsoleOnBroker.Text(account, "address")).AbsolutePath));
        Assert.Equal("", new Uri(ConsoleOnBroker.Text(account, "address")).UserInfo);
    }

    [Fact]
    public async Task No_binding_reaches_further_than_the_workspace()
    {
        foreach (var key in new[] { "#", "*.revenue.#", "*.#", $"#.{broker.Workspace}.#", $"{other}.#", $"{other}.revenue.#", $"{broker.Workspace}x.#", "" })
            await Refused(channel => channel.QueueBindAsync(queue, Exchanges.Events, key), key);
    }

    [Fact]
    public async Task An_exchange_of_its_own_hears_no_more_than_its_queues()
    {
        var ear = $"{ConsoleOnBroker.Text(account, "queuePrefix")}ear";
        await Refused(async channel =>
        {
            await channel.ExchangeDeclareAsync(ear, ExchangeType.Topic);
            await channel.ExchangeBindAsync(ear, Exchanges.Events, "#");
        }, "an exchange bound to all");
    }

    [Fact]
    public async Task It_can_say_nothing()
    {
        var dead = new Dictionary<string, object?> { ["x-dead-letter-exchange"] = Exchanges.Events };
        await Refused(channel => channel.BasicPublishAsync(Exchanges.Events, $"{broker.Workspace}.revenue.x", "{}"u8.ToArray()).AsTask(), "publishing");
        await Refused(channel => channel.BasicPublishAsync("", queue, "{}"u8.ToArray()).AsTask(), "past the exchange");
        await Refused(channel => channel.QueueDeclareAsync($"{queue}.dead", true, false, false, dead), "as a dead letter");
        await Refused(channel => channel.ExchangeDeleteAsync(Exchanges.Events), "deleting the exchange");
    }

    [Fact]
    public async Task The_queues_of_others_are_closed_to_it()
    {
        var second = await broker.Add();
        var theirs = $"{ConsoleOnBroker.Text(second, "queuePrefix")}crm";
        await using (var connection = await broker.Connect(second))
        await using (var channel = await connection.CreateChannelAsync())
            await channel.QueueDeclareAsync(theirs, durable: true, exclusive: false, autoDelete: false);

        await Refused(channel => channel.BasicGetAsync(theirs, autoAck: true), "reading");
        await Refused(channel => channel.QueueDeleteAsync(theirs), "deleting");
        await Refused(channel => channel.QueuePurgeAsync(theirs), "emptying");
        await Refused(channel => channel.QueueDeclareAsync("mine", true, false, false), "a queue of another name");
        await Refused(channel => channel.QueueDeclareAsync("", false, true, true), "a queue the broker names");
    }

    [Fact]
    public async Task Revoked_it_is_cut_off_and_stays_out_and_leaves_nothing()
    {
        await using var connection = await broker.Connect(account);
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);

        Assert.Equal(204, await broker.Revoke(ConsoleOnBroker.Text(account, "id")));

        await Eventually.Sees(_ => Task.FromResult(connection.IsOpen), isOpen => !isOpen);
        var refused = await Assert.ThrowsAsync<BrokerUnreachableException>(() => broker.Connect(account));
        Assert.IsType<AuthenticationFailureException>(refused.InnerException);
        Assert.DoesNotContain(queue, await broker.Queues());
    }

    private async Task Refused(Func<IChannel, Task> deed, string what)
    {
        await using var connection = await broker.Connect(account);
        await using var channel = await connection.CreateChannelAsync(
            new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true));
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        var refused = await Record.ExceptionAsync(() => deed(channel));
        Assert.True(refused is OperationInterruptedException { ShutdownReason.ReplyCode: AccessRefused }, $"{what}: {refused?.Message ?? "was let through"}");
    }
}
