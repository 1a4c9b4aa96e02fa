using System.Text;
using Allocora.Contracts.Messages;
using Allocora.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Allocora.Foundation.Tests.Broker;

/// <summary>A service that publishes, and messages of which only some of it matters.</summary>
internal static class Speaking
{
    public static readonly QueueDefinition LedgerQueue = new(Queues.LedgerIngest, Exchanges.Ingest, [Queues.ToLedger], SingleActiveConsumer: true);
    private static readonly DateTimeOffset At = new(2026, 10, 31, 14, 2, 11, TimeSpan.Zero);

    public static IHost Service(Uri broker, Action<IHostApplicationBuilder>? more = null) => Hosts.With(
        b =>
        {
            b.Services.AddSingleton(TimeProvider.System);
            b.AddBroker("rabbitmq", "probe");
            b.AddPublisher("probe", Destination.Ingest).AddPublisher("probe", Destination.Events);
            more?.Invoke(b);
        },
        ("ConnectionStrings:rabbitmq", $"{broker}"));

    public static Publisher To(this IHost host, Destination to) => host.Services.GetRequiredKeyedService<Publisher>(to.Exchange);

    public static OutgoingMessage Message(string name = "paddle.transaction.seen.v1", string? traceparent = null) =>
        new(Guid.CreateVersion7(), "ws_one", name, Encoding.UTF8.GetBytes("""{"amount":"1999"}"""), At) { Traceparent = traceparent };

    public static OutgoingMessage[] Messages(int count, string name = "paddle.transaction.seen.v1") =>
        [.. Enumerable.Range(0, count).Select(_ => Message(name))];
}
