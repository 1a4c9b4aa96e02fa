using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RabbitMQ.Client;

namespace Allocora.Messaging;

/// <summary>A message as a handler gets it. It stays as it is for as long as the handler keeps it.</summary>
/// <param name="Id">The sender's, the same each time the message comes; made from the content when there is none to use.</param>
/// <param name="Type">Empty when the message does not say.</param>
/// <param name="DeliveryCount">How often the broker took it back from a consumer.</param>
public sealed record Received(
    string Id, string Type, string? Workspace, string? Subject, ReadOnlyMemory<byte> Body, IReadOnlyDictionary<string, string> Headers,
    bool Redelivered, long DeliveryCount, ActivityContext TraceContext)
{
    private const string WorkspaceHeader = "tenant-id", SubjectHeader = "cloudEvents_subject", TraceHeader = "traceparent", TraceStateHeader = "tracestate";
    private const string DeliveryCountHeader = "x-delivery-count", FromContent = "content-";
    private const int TextMax = 4000, DepthMax = 4;

    internal ulong DeliveryTag { get; init; }

    internal string RoutingKey { get; init; } = "";

    /// <summary>Whether the sender gave no usable id.</summary>
    public bool IsNameless => Id.StartsWith(FromContent, StringComparison.Ordinal);

    internal static Received From(ulong tag, bool redelivered, string routingKey, IReadOnlyBasicProperties properties, ReadOnlySpan<byte> body)
    {
        var headers = Readable(properties.Headers);
        var (workspace, type) = (headers.GetValueOrDefault(WorkspaceHeader), Clean(properties.Type ?? ""));
        // The client fills the buffer again after the callback.
        var own = body.ToArray();
        return new(IdOf(properties.MessageId) ?? IdFromContent(workspace, type, own), type, workspace, headers.GetValueOrDefault(SubjectHeader), own, headers,
            redelivered, Count(properties.Headers), TraceOf(headers))
        {
            DeliveryTag = tag,
            RoutingKey = routingKey,
        };
    }

    /// <summary>As it was when it was kept as a dead letter.</summary>
    internal static Received Again(string id, string type, string? workspace, byte[] body, IReadOnlyDictionary<string, string> headers) =>
        new(id, type, workspace, headers.GetValueOrDefault(SubjectHeader), body, headers, true, 0, TraceOf(headers));

    internal static string IdFromContent(string? workspace, string type, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{workspace}\n{type}\n"));
        hash.AppendData(body);
        return FromContent + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? IdOf(string? given) =>
        string.IsNullOrWhiteSpace(given) || given.StartsWith(FromContent, StringComparison.Ordinal) || Clean(given) != given ? null : given;

    private static ActivityContext TraceOf(Dictionary<string, string> headers) => TraceOf((IReadOnlyDictionary<string, string>)headers);

    private static ActivityContext TraceOf(IReadOnlyDictionary<string, string> headers) =>
        ActivityContext.TryParse(headers.GetValueOrDefault(TraceHeader), headers.GetValueOrDefault(TraceStateHeader), isRemote: true, out var context)
            ? context
            : default;

    private static long Count(IDictionary<string, object?>? headers) => headers?.TryGetValue(DeliveryCountHeader, out var count) == true
        ? count switch { long n => n, int n => n, _ => 0 }
        : 0;

    private static Dictionary<string, string> Readable(IDictionary<string, object?>? headers)
    {
        if (headers is null) return [];
        var readable = new Dictionary<string, string>(headers.Count);
        foreach (var (name, value) in headers) readable[Clean(name)] = Clean(Text(value, DepthMax));
        return readable;
    }

    private static string Text(object? value, int depth) => value switch
    {
        null => "",
        byte[] text => Encoding.UTF8.GetString(text),
        string text => text,
        _ when depth == 0 => "…",
        IDictionary<string, object?> table => $"{{{string.Join(", ", table.Select(e => $"{e.Key}: {Text(e.Value, depth - 1)}"))}}}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(e => Text(e, depth - 1)))}]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    // PostgreSQL takes neither the character nought nor half a surrogate pair, and a dead letter has to be kept whatever it says.
    internal static string Clean(string text)
    {
        if (text.Length > TextMax) text = text[..TextMax];
        var isClean = !text.Contains('\0');
        for (var i = 0; isClean && i < text.Length; i++) isClean = !char.IsSurrogate(text[i]);
        return isClean ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Replace('\0', '\uFFFD')));
    }
}

/// <summary>What a handler says about one message of its batch, once its transaction is committed.</summary>
/// <param name="ReasonCode">Of a closed list, as operators filter and count by it; null unless the message is broken.</param>
/// <param name="Sentence">Tells a person what is wrong, with nothing of the body in it.</param>
public readonly record struct Verdict(bool IsDuplicate, string? ReasonCode, string? Sentence)
{
    /// <summary>It was handled.</summary>
    public static Verdict Done => default;

    /// <summary>It had been handled before.</summary>
    public static Verdict Duplicate => new(true, null, null);

    /// <summary>It can never be handled as it is: it is kept as a dead letter.</summary>
    public static Verdict Broken(string reasonCode, string sentence) => new(false, reasonCode, sentence);
}

/// <summary>
/// Does the work of a batch in one transaction and answers for each message, in their order. When it throws, nothing of the
/// batch may have happened: it is called again with parts of it, or with all.
/// </summary>
public delegate Task<IReadOnlyList<Verdict>> BatchHandler(IReadOnlyList<Received> batch, CancellationToken ct);
