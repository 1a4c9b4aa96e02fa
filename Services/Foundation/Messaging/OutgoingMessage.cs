using System.Text.RegularExpressions;
using Allocora.Contracts.Messages;

namespace Allocora.Messaging;

/// <summary>Where messages are sent, and whether it is a fault when nobody has a queue for one.</summary>
public sealed record Destination(string Exchange, bool MustBeHeard)
{
    /// <summary>The Ledger has to get it: a message nobody takes is sent again until somebody does.</summary>
    public static readonly Destination Ingest = new(Exchanges.Ingest, MustBeHeard: true);

    /// <summary>Whoever wants to hear it has a queue; nobody has to.</summary>
    public static readonly Destination Events = new(Exchanges.Events, MustBeHeard: false);

    /// <summary>Where messages go to one queue and to nobody else, past the exchange they were published to first.</summary>
    public string? Queue { get; private init; }

    /// <summary>What was told to the world, once more for one listener. A queue that is not there hears nothing.</summary>
    public static Destination Again(string queue) => new(Exchange: "", MustBeHeard: false) { Queue = queue };
}

/// <summary>
/// A message as its sender knows it. The same thing said again has the same id, by which receivers know it. Names and
/// workspaces are ours and are refused when they are not of their form; other texts may hold anything.
/// </summary>
public sealed partial record OutgoingMessage
{
    private const int RoutingKeyLengthMax = 255; // AMQP's own limit, in bytes

    /// <param name="name">Such as <c>revenue.transaction.recorded.v1</c>.</param>
    /// <param name="data">JSON, its members in camelCase.</param>
    /// <param name="at">When it happened, in the world.</param>
    public OutgoingMessage(Guid id, string workspace, string name, ReadOnlyMemory<byte> data, DateTimeOffset at)
    {
        if (!IsName().IsMatch(name)) throw new ArgumentException($"A message cannot have the name '{name}'.", nameof(name));
        if (!IsWorkspace().IsMatch(workspace)) throw new ArgumentException("This is not the id of a workspace.", nameof(workspace));
        if (workspace.Length + 1 + name.Length > RoutingKeyLengthMax) throw new ArgumentException("The name is too long for a routing key.", nameof(name));
        (Id, Workspace, Name, Data, At) = (id, workspace, name, data, at);
    }

    public Guid Id { get; }

    public string Workspace { get; }

    public string Name { get; }

    public ReadOnlyMemory<byte> Data { get; }

    public DateTimeOffset At { get; }

    /// <summary>When it was stored; <see cref="At"/> when that is not told.</summary>
    public DateTimeOffset? RecordedAt { get; init; }

    /// <summary>Its position in the sender's log, by which a receiver sees that something is missing.</summary>
    public long? Sequence { get; init; }

    /// <summary>What it is about, such as a fact or a statement.</summary>
    public string? Subject { get; init; }

    /// <summary>Messages of one key keep their order.</summary>
    public string? PartitionKey { get; init; }

    public string? CorrelationId { get; init; }

    public string? CausationId { get; init; }

    /// <summary>The W3C trace context in which it came to be, kept with whatever it is made from.</summary>
    public string? Traceparent { get; init; }

    [GeneratedRegex(@"^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+\.v[1-9][0-9]?\z")]
    private static partial Regex IsName();

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\z")]
    private static partial Regex IsWorkspace();
}
