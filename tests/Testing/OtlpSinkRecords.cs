using System.Diagnostics;

namespace Allocora.Testing;

/// <summary>A span as it arrived. Ids are lower-case hex; the parent of a root is empty.</summary>
public sealed record OtlpSpan(
    string TraceId, string SpanId, string ParentSpanId, string Name, ActivityKind Kind, DateTimeOffset Start, DateTimeOffset End,
    ActivityStatusCode Status, string StatusMessage, IReadOnlyDictionary<string, object?> Attributes, IReadOnlyList<OtlpLink> Links,
    string Scope, IReadOnlyDictionary<string, object?> Resource);

public sealed record OtlpLink(string TraceId, string SpanId, IReadOnlyDictionary<string, object?> Attributes);

/// <summary>An instrument with the keys that any of its points carried.</summary>
public sealed record OtlpMetric(
    string Name, string Unit, IReadOnlySet<string> AttributeKeys, string Scope, IReadOnlyDictionary<string, object?> Resource);

public sealed record OtlpLog(
    string Body, int SeverityNumber, string Severity, IReadOnlyDictionary<string, object?> Attributes, string TraceId, string SpanId,
    string Scope, IReadOnlyDictionary<string, object?> Resource);
