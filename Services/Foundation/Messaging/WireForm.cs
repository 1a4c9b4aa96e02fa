using System.Diagnostics;
using System.Globalization;
using System.Text;
using Allocora.Contracts.Messages;
using RabbitMQ.Client;

namespace Allocora.Messaging;

/// <summary>
/// A message on the wire: to any CloudEvents SDK an event in binary mode, to a stock Wolverine listener a message of its type.
/// </summary>
internal static class WireForm
{
    private const string Json = "application/json", Time = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public static string RoutingKey(Destination to, OutgoingMessage message) =>
        to.Queue ?? (to.Exchange == Exchanges.Ingest ? Queues.ToLedger : $"{message.Workspace}.{message.Name}");

    public static BasicProperties Properties(Destination to, OutgoingMessage message, string service, DateTimeOffset now)
    {
        var (id, type) = (message.Id.ToString(), $"com.allocora.{message.Name}");
        var headers = new Dictionary<string, object?>(20)
        {
            ["cloudEvents_specversion"] = "1.0",
            ["cloudEvents_id"] = id,
            ["cloudEvents_type"] = type,
            ["cloudEvents_source"] = $"/workspaces/{message.Workspace}/{service}",
            ["cloudEvents_time"] = Text(message.At),
            ["cloudEvents_recordedtime"] = Text(message.RecordedAt ?? message.At),
            ["cloudEvents_datacontenttype"] = Json,
            ["tenant-id"] = message.Workspace,
            ["sent-at"] = Text(now),
        };
        // As many digits as the largest position has, so that comparing them as texts compares positions.
        if (message.Sequence is { } sequence) headers["cloudEvents_sequence"] = sequence.ToString("D19", CultureInfo.InvariantCulture);
        Add(headers, "cloudEvents_subject", message.Subject);
        Add(headers, "cloudEvents_partitionkey", message.PartitionKey);
        Add(headers, "cloudEvents_correlationid", message.CorrelationId);
        Add(headers, "cloudEvents_causationid", message.CausationId);
        Add(headers, "cloudEvents_traceparent", message.Traceparent);
        Add(headers, Tracing.Header, message.Traceparent ?? Activity.Current?.Id);
        if (to.Queue is not null) headers[Queues.RoutingKeyHeader] = RoutingKey(Destination.Events, message);
        return new()
        {
            MessageId = id,
            Type = type,
            ContentType = Json,
            DeliveryMode = DeliveryModes.Persistent,
            AppId = service,
            Headers = headers,
        };
    }

    private static void Add(Dictionary<string, object?> headers, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) headers[name] = Escape(value);
    }

    // CloudEvents knows no control characters. One that came in with somebody's id must not stop all messages behind it, so
    // it is written as in a URI; so is the sign that does it.
    private static string Escape(string value)
    {
        if (!value.Any(MustBeEscaped)) return value;
        var escaped = new StringBuilder(value.Length + 8);
        foreach (var c in value)
        {
            if (MustBeEscaped(c)) foreach (var b in Encoding.UTF8.GetBytes([c])) escaped.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            else escaped.Append(c);
        }
        return escaped.ToString();
    }

    private static bool MustBeEscaped(char c) => char.IsControl(c) || c == '%';

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString(Time, CultureInfo.InvariantCulture);
}
