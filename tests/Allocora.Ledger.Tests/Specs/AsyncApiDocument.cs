using System.Text.Json.Nodes;
using Allocora.Contracts.Messages;

namespace Allocora.Ledger.Tests.Specs;

/// <summary>What can be heard on the broker, in AsyncAPI 3.0.</summary>
internal static class AsyncApiDocument
{
    // Those every message has, and those that may be absent.
    private static readonly (string Name, string Says)[] Always =
    [
        ("cloudEvents_specversion", "1.0"), ("cloudEvents_id", "A UUID, also the message id. The same again is the same message: leave it out."),
        ("cloudEvents_type", "com.allocora. and the name of the message, also the AMQP type."),
        ("cloudEvents_source", "/workspaces/ and the workspace, /ledger."),
        ("cloudEvents_subject", "The id of the fact."), ("cloudEvents_time", "When it took effect."), ("cloudEvents_recordedtime", "When it was stored."),
        ("cloudEvents_datacontenttype", "application/json"),
        ("cloudEvents_sequence", "The position in the log with leading zeros, so that texts compare as positions do."),
        ("cloudEvents_partitionkey", "The transaction: messages of one keep their order."), ("tenant-id", "The workspace."),
        ("sent-at", "When it was sent, this time."),
    ],
    Sometimes =
    [
        ("cloudEvents_correlationid", "The sync run that saw it."), ("cloudEvents_causationid", "The message it came from."),
        ("cloudEvents_traceparent", "The W3C trace context in which it came to be."), ("traceparent", "The same, where tracers look for it."),
        (Queues.RoutingKeyHeader, "On a replay to one queue: the routing key under which all others heard it."),
    ];

    public static JsonObject Make()
    {
        var (channels, operations, messages) = (new JsonObject(), new JsonObject(), new JsonObject());
        foreach (var (name, type) in MessageSchemas.Messages)
        {
            channels[name] = Channel(name);
            operations[$"tell.{name}"] = new JsonObject
            {
                ["action"] = "send",
                ["channel"] = Ref($"#/channels/{name}"),
                ["messages"] = new JsonArray(Ref($"#/channels/{name}/messages/event")),
            };
            messages[name] = Message(name, type);
        }
        return new()
        {
            ["asyncapi"] = "3.0.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Allocora: revenue events",
                ["version"] = "1.0.0",
                ["description"] = "CloudEvents 1.0 in binary mode over AMQP 0-9-1. Delivery is at least once; ignore members and headers you do not know.",
            },
            ["defaultContentType"] = "application/json",
            ["channels"] = channels,
            ["operations"] = operations,
            ["components"] = new JsonObject { ["messages"] = messages, ["schemas"] = new JsonObject { ["headers"] = Headers() } },
        };
    }

    private static JsonObject Channel(string name) => new()
    {
        ["address"] = $"{{workspace}}.{name}",
        ["parameters"] = new JsonObject { ["workspace"] = new JsonObject { ["description"] = "The id of a workspace, ws_…" } },
        ["messages"] = new JsonObject { ["event"] = Ref($"#/components/messages/{name}") },
        ["bindings"] = new JsonObject
        {
            ["amqp"] = new JsonObject
            {
                ["is"] = "routingKey",
                ["exchange"] = new JsonObject { ["name"] = Exchanges.Events, ["type"] = "topic", ["durable"] = true, ["autoDelete"] = false },
                ["bindingVersion"] = "0.3.0",
            },
        },
    };

    private static JsonObject Message(string name, Type type) => new()
    {
        ["name"] = $"com.allocora.{name}",
        ["summary"] = MessageSchemas.Summary(type),
        ["contentType"] = "application/json",
        ["headers"] = Ref("#/components/schemas/headers"),
        ["payload"] = Ref($"./schemas/{name}.json"),
        ["correlationId"] = new JsonObject { ["location"] = "$message.header#/cloudEvents_correlationid" },
        ["bindings"] = new JsonObject { ["amqp"] = new JsonObject { ["messageType"] = $"com.allocora.{name}", ["bindingVersion"] = "0.3.0" } },
    };

    private static JsonObject Headers() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(Always.Concat(Sometimes).Select(h =>
            KeyValuePair.Create<string, JsonNode?>(h.Name, new JsonObject { ["type"] = "string", ["description"] = h.Says }))),
        ["required"] = new JsonArray([.. Always.Select(h => JsonValue.Create(h.Name))]),
    };

    private static JsonObject Ref(string to) => new() { ["$ref"] = to };
}
