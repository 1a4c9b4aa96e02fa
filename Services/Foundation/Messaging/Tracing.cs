using System.Diagnostics;
using RabbitMQ.Client;

namespace Allocora.Messaging;

/// <summary>The trace a message belongs to is the one it came to be in, however much later it is published.</summary>
internal static class Tracing
{
    public const string Header = "traceparent";
    private static readonly ActivitySource Activities = new("Allocora.Messaging");

    // The client would put its own send span into the header of every message; it belongs to whatever publishes the page.
    static Tracing()
    {
        var usual = RabbitMQActivitySource.ContextInjector;
        RabbitMQActivitySource.ContextInjector = (activity, headers) =>
        {
            if (!headers.ContainsKey(Header)) usual(activity, headers);
        };
    }

    public static Activity? Batch(int messages) =>
        Activities.StartActivity("outbox.publish_batch")?.SetTag("messaging.batch.message_count", messages);
}
