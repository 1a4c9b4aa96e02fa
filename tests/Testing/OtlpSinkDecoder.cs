using System.Diagnostics;
using Attributes = System.Collections.Generic.Dictionary<string, object?>;

namespace Allocora.Testing;

/// <summary>Reads export requests. The numbers are the field numbers of opentelemetry-proto 1.x.</summary>
internal static class OtlpSinkDecoder
{
    private const int DepthMax = 16;

    private delegate void Item(ReadOnlySpan<byte> message, string scope, Attributes resource);

    public static List<OtlpSpan> Traces(ReadOnlySpan<byte> request)
    {
        var spans = new List<OtlpSpan>();
        EachItem(request, (message, scope, resource) => spans.Add(Span(message, scope, resource)));
        return spans;
    }

    public static List<OtlpMetric> Metrics(ReadOnlySpan<byte> request)
    {
        var metrics = new List<OtlpMetric>();
        EachItem(request, (message, scope, resource) => metrics.Add(Metric(message, scope, resource)));
        return metrics;
    }

    public static List<OtlpLog> Logs(ReadOnlySpan<byte> request)
    {
        var logs = new List<OtlpLog>();
        EachItem(request, (message, scope, resource) => logs.Add(Log(message, scope, resource)));
        return logs;
    }

    // The three requests nest alike: request > 1 resource group > (1 resource, 2 scope group) > (1 scope, 2 item).
    private static void EachItem(ReadOnlySpan<byte> request, Item item)
    {
        for (var groups = new OtlpSinkReader(request); groups.Next();)
        {
            if (groups.Field != 1) continue;
            var resource = new Attributes();
            for (var group = new OtlpSinkReader(groups.Payload); group.Next();)
            {
                if (group.Field == 1) resource = AttributesOf(group.Payload, field: 1);
            }
            for (var group = new OtlpSinkReader(groups.Payload); group.Next();)
            {
                if (group.Field == 2) EachInScope(group.Payload, resource, item);
            }
        }
    }

    private static void EachInScope(ReadOnlySpan<byte> group, Attributes resource, Item item)
    {
        var scope = "";
        for (var fields = new OtlpSinkReader(group); fields.Next();)
        {
            if (fields.Field != 1) continue;
            for (var named = new OtlpSinkReader(fields.Payload); named.Next();)
            {
                if (named.Field == 1) scope = named.Text;
            }
        }
        for (var fields = new OtlpSinkReader(group); fields.Next();)
        {
            if (fields.Field == 2) item(fields.Payload, scope, resource);
        }
    }

    private static OtlpSpan Span(ReadOnlySpan<byte> message, string scope, Attributes resource)
    {
        string traceId = "", spanId = "", parent = "", name = "", statusMessage = "";
        ulong kind = 0, start = 0, end = 0, status = 0;
        var links = new List<OtlpLink>();
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            switch (fields.Field)
            {
                case 1: traceId = fields.Hex; break;
                case 2: spanId = fields.Hex; break;
                case 4: parent = fields.Hex; break;
                case 5: name = fields.Text; break;
                case 6: kind = fields.Number; break;
                case 7: start = fields.Number; break;
                case 8: end = fields.Number; break;
                case 13: links.Add(Link(fields.Payload)); break;
                case 15: (status, statusMessage) = Status(fields.Payload); break;
            }
        }
        // OTLP keeps 0 for a kind that was not given; below that the two enumerations agree.
        return new(traceId, spanId, parent, name, kind == 0 ? ActivityKind.Internal : (ActivityKind)(kind - 1), Instant(start), Instant(end),
            (ActivityStatusCode)status, statusMessage, AttributesOf(message, field: 9), links, scope, resource);
    }

    private static OtlpLink Link(ReadOnlySpan<byte> message)
    {
        string traceId = "", spanId = "";
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            if (fields.Field == 1) traceId = fields.Hex;
            if (fields.Field == 2) spanId = fields.Hex;
        }
        return new(traceId, spanId, AttributesOf(message, field: 4));
    }

    private static (ulong Code, string Message) Status(ReadOnlySpan<byte> message)
    {
        var (code, text) = (0ul, "");
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            if (fields.Field == 2) text = fields.Text;
            if (fields.Field == 3) code = fields.Number;
        }
        return (code, text);
    }

    private static OtlpMetric Metric(ReadOnlySpan<byte> message, string scope, Attributes resource)
    {
        string name = "", unit = "";
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            switch (fields.Field)
            {
                case 1: name = fields.Text; break;
                case 3: unit = fields.Text; break;
                case 5 or 7 or 11: AddKeys(fields.Payload, attributes: 7); break; // gauge, sum, summary
                case 9: AddKeys(fields.Payload, attributes: 9); break; // histogram
                case 10: AddKeys(fields.Payload, attributes: 1); break; // exponential histogram
            }
        }
        return new(name, unit, keys, scope, resource);

        void AddKeys(ReadOnlySpan<byte> data, int attributes)
        {
            for (var points = new OtlpSinkReader(data); points.Next();)
            {
                if (points.Field == 1) keys.UnionWith(AttributesOf(points.Payload, attributes).Keys);
            }
        }
    }

    private static OtlpLog Log(ReadOnlySpan<byte> message, string scope, Attributes resource)
    {
        string body = "", severity = "", traceId = "", spanId = "";
        var number = 0ul;
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            switch (fields.Field)
            {
                case 2: number = fields.Number; break;
                case 3: severity = fields.Text; break;
                case 5: body = $"{Value(fields.Payload, depth: 0)}"; break;
                case 9: traceId = fields.Hex; break;
                case 10: spanId = fields.Hex; break;
            }
        }
        return new(body, (int)number, severity, AttributesOf(message, field: 6), traceId, spanId, scope, resource);
    }

    private static Attributes AttributesOf(ReadOnlySpan<byte> message, int field, int depth = 0)
    {
        var attributes = new Attributes(StringComparer.Ordinal);
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            if (fields.Field != field) continue;
            var (key, value) = ("", (object?)null);
            for (var pair = new OtlpSinkReader(fields.Payload); pair.Next();)
            {
                if (pair.Field == 1) key = pair.Text;
                if (pair.Field == 2) value = Value(pair.Payload, depth);
            }
            attributes[key] = value;
        }
        return attributes;
    }

    private static object? Value(ReadOnlySpan<byte> message, int depth)
    {
        if (depth > DepthMax) throw new InvalidDataException($"A value is nested deeper than {DepthMax}.");
        object? value = null;
        for (var fields = new OtlpSinkReader(message); fields.Next();)
        {
            value = fields.Field switch
            {
                1 => fields.Text,
                2 => fields.Number != 0,
                3 => unchecked((long)fields.Number),
                4 => BitConverter.UInt64BitsToDouble(fields.Number),
                5 => Values(fields.Payload, depth),
                6 => AttributesOf(fields.Payload, field: 1, depth + 1),
                7 => fields.Payload.ToArray(),
                _ => value,
            };
        }
        return value;
    }

    private static object?[] Values(ReadOnlySpan<byte> array, int depth)
    {
        var values = new List<object?>();
        for (var fields = new OtlpSinkReader(array); fields.Next();)
        {
            if (fields.Field == 1) values.Add(Value(fields.Payload, depth + 1));
        }
        return [.. values];
    }

    private static DateTimeOffset Instant(ulong nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks((long)(nanoseconds / 100));
}
