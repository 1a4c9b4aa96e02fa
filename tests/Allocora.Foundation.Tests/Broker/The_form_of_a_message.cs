using System.Diagnostics;
using System.Text;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitMQ.Client;
using static Allocora.Foundation.Tests.Broker.Speaking;

namespace Allocora.Foundation.Tests.Broker;

/// <summary>As it comes out of a queue, read with the plain client.</summary>
public sealed class The_form_of_a_message : IAsyncLifetime
{
    private const string Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 13, 50, 38, 123, 456, TimeSpan.Zero);
    private TestVhost vhost = null!;
    private IHost host = null!;
    private Listener queue = null!;

    public async Task InitializeAsync()
    {
        vhost = await TestVhost.Create();
        host = Service(vhost.Address, b => b.Services.AddSingleton<TimeProvider>(new ManualTime(Now)));
        await host.StartAsync();
        queue = await Listener.On(vhost.Address);
        await DeclareTopology.Exchange(queue.Channel, Exchanges.Events, default);
        await queue.Channel.QueueDeclareAsync("all", durable: false, exclusive: false, autoDelete: false);
        await queue.Channel.QueueBindAsync("all", Exchanges.Events, "#");
    }

    public async Task DisposeAsync()
    {
        await queue.DisposeAsync();
        await host.StopAsync();
        host.Dispose();
        await vhost.DisposeAsync();
    }

    [Fact]
    public async Task With_all_there_is_to_say() => Golden.Matches(Describe(await Deliver(Whole() with
    {
        RecordedAt = new DateTimeOffset(2026, 10, 31, 16, 2, 12, TimeSpan.FromHours(2)),
        Sequence = 128_430,
        Subject = "fct_01HV8WNJ3DBQKSRG9MVBMXR1GS",
        PartitionKey = "paddle-live-txn_01hv8wptq8987qeep44cyrewp9",
        CorrelationId = "run_01HV8WNJ3DBQKSRG9MVBMXR1GS",
        CausationId = "00000000-0000-0000-0000-000000000007",
        Traceparent = Traceparent,
    })), "golden/message-whole.txt");

    [Fact]
    public async Task With_only_what_it_has_to_say() => Golden.Matches(Describe(await Deliver(Whole())), "golden/message-least.txt");

    [Theory]
    [InlineData("txn_1\r\nx-admin: yes", "txn_1%0D%0Ax-admin: yes")]
    [InlineData("a\0b\u0085c\u007f", "a%00b%C2%85c%7F")]
    [InlineData("100 %", "100 %25")]
    [InlineData("Zürich \ud83d\udcb6", "Zürich \ud83d\udcb6")]
    public async Task A_text_of_somebody_elses_cannot_carry_control_characters(string given, string there)
    {
        var delivered = await Deliver(Whole() with { Subject = given, PartitionKey = given, CorrelationId = given, CausationId = given });

        foreach (var header in new[] { "subject", "partitionkey", "correlationid", "causationid" })
            Assert.Equal(there, Text(delivered.BasicProperties.Headers![$"cloudEvents_{header}"]));
    }

    [Theory]
    [InlineData("revenue.transaction.recorded")]
    [InlineData("revenue.#.v1")]
    [InlineData("Revenue.recorded.v1")]
    [InlineData("recorded.v1\n")]
    [InlineData("")]
    public void A_name_that_is_not_one_is_refused(string name) => Assert.Throws<ArgumentException>(() => Message(name));

    [Theory]
    [InlineData("ws_one.revenue")]
    [InlineData("*")]
    [InlineData("ws_one\n")]
    [InlineData("")]
    public void A_workspace_that_would_change_the_routing_key_is_refused(string workspace) =>
        Assert.Throws<ArgumentException>(() => new OutgoingMessage(Guid.Empty, workspace, "statement.issued.v1", default, Now));

    [Fact]
    public void A_routing_key_that_AMQP_cannot_hold_is_refused()
    {
        Assert.Equal(new string('w', 235), new OutgoingMessage(Guid.Empty, new string('w', 235), "statement.issued.v1", default, Now).Workspace);
        Assert.Throws<ArgumentException>(() => new OutgoingMessage(Guid.Empty, new string('w', 236), "statement.issued.v1", default, Now));
    }

    [Fact]
    public async Task Its_trace_is_the_one_it_came_to_be_in_even_when_another_is_going_on()
    {
        using var watching = Watching();
        using var other = new Activity("publishing of others").Start();

        var delivered = await Deliver(Whole() with { Traceparent = Traceparent });

        Assert.Equal(Traceparent, Text(delivered.BasicProperties.Headers!["traceparent"]));
        Assert.Equal(Traceparent, Text(delivered.BasicProperties.Headers!["cloudEvents_traceparent"]));
    }

    [Fact]
    public async Task Without_one_of_its_own_it_belongs_to_the_trace_that_is_going_on()
    {
        using var watching = Watching();
        using var parent = new Activity("a request").Start();

        var delivered = await Deliver(Whole());

        Assert.Equal(parent.TraceId.ToHexString(), Text(delivered.BasicProperties.Headers!["traceparent"]).Split('-')[1]);
    }

    private static OutgoingMessage Whole() => new(
        new("01933f5a-7c1e-7000-8000-00000000002a"), "ws_01HV8WNJ3DBQKSRG9MVBMXR1GS", "revenue.transaction.recorded.v1",
        Encoding.UTF8.GetBytes("""{"factId":"fct_01HV8WNJ3DBQKSRG9MVBMXR1GS","gross":{"amount":"1999","currency":"USD"}}"""),
        new DateTimeOffset(2026, 10, 31, 14, 2, 11, TimeSpan.Zero));

    private async Task<BasicGetResult> Deliver(OutgoingMessage message)
    {
        Assert.Equal([Delivery.Confirmed], await host.To(Destination.Events).Publish([message], default));
        return (await queue.Channel.BasicGetAsync("all", autoAck: true))!;
    }

    // Every span of every library, as a service has it that sends its telemetry somewhere.
    private static ActivityListener Watching()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static string Describe(BasicGetResult delivered)
    {
        var properties = delivered.BasicProperties;
        var text = new StringBuilder()
            .AppendLine($"exchange {delivered.Exchange}")
            .AppendLine($"routing-key {delivered.RoutingKey}")
            .AppendLine($"message-id {properties.MessageId}")
            .AppendLine($"type {properties.Type}")
            .AppendLine($"content-type {properties.ContentType}")
            .AppendLine($"delivery-mode {properties.DeliveryMode}")
            .AppendLine($"app-id {properties.AppId}");
        foreach (var (name, value) in properties.Headers!.OrderBy(h => h.Key, StringComparer.Ordinal)) text.AppendLine($"header {name}: {Text(value)}");
        return text.AppendLine(Encoding.UTF8.GetString(delivered.Body.Span)).ToString();
    }

    private static string Text(object? header) => Encoding.UTF8.GetString(Assert.IsType<byte[]>(header));
}
