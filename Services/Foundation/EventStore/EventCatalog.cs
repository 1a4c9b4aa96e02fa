using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Allocora.EventStore;

/// <summary>Turns an event's data of one version into the next. It sees nothing but the data, and keeps the members it does not know.</summary>
public delegate JsonObject Upcaster(JsonObject data);

/// <summary>Who or what an event came from; stored beside it.</summary>
/// <param name="SourceRun">The sync run that saw it.</param>
/// <param name="Via">Console, API key or service.</param>
/// <param name="Traceparent">The W3C trace context in which it came to be, for whoever tells of it later.</param>
public sealed record Origin(
    string? Actor = null, string? SourceRun = null, string? Via = null, string? RequestId = null, string? Ip = null,
    string? Correlation = null, string? Causation = null, string? Traceparent = null);

/// <summary>The events a log may hold: which record is stored under which name, in which version, and how older versions become it.</summary>
public sealed class EventCatalog
{
    // How values are spelled is left to System.Text.Json, so that any program reads them; what is missing or null by mistake is not let through.
    internal static readonly JsonSerializerOptions Json = new()
    {
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly Dictionary<string, Entry> byAlias = [];
    private readonly Dictionary<Type, Entry> byType = [];

    /// <param name="upcasters">The first makes version 2 of version 1, and so on: the version now is one more than there are.</param>
    public EventCatalog Add<T>(params Upcaster[] upcasters) where T : class
    {
        StoredForm.Check(typeof(T));
        // Marten's own name for the record, so that a stranger's Marten finds it by the record alone.
        var entry = new Entry(
            typeof(T), JsonNamingPolicy.SnakeCaseLower.ConvertName(typeof(T).Name), $"{typeof(T).FullName}, {typeof(T).Assembly.GetName().Name}", upcasters);
        if (!byAlias.TryAdd(entry.Alias, entry)) throw new ArgumentException($"Two records are called {typeof(T).Name}.", nameof(upcasters));
        byType.Add(entry.Type, entry);
        return this;
    }

    /// <summary>Every name in the catalog with its version of today.</summary>
    public IReadOnlyDictionary<string, int> Versions => byAlias.ToDictionary(e => e.Key, e => e.Value.Version);

    /// <summary>The stored form of what happened, in the version of today.</summary>
    public NewEvent Seal(object happened, Guid id, DateTimeOffset at, Origin? origin = null)
    {
        if (!byType.TryGetValue(happened.GetType(), out var entry))
            throw new ArgumentException($"{happened.GetType().Name} is not in the catalog.", nameof(happened));
        origin ??= new();
        var headers = new Headers(entry.Version, origin.Actor, origin.SourceRun, origin.Via, origin.RequestId, origin.Ip, origin.Traceparent);
        return new(
            id, entry.Alias, entry.DotnetType, JsonSerializer.Serialize(happened, entry.Type, Json), ToMicroseconds(at),
            JsonSerializer.Serialize(headers), origin.Correlation, origin.Causation);
    }

    /// <summary>What happened, as the record of today, whatever version it was stored in.</summary>
    /// <exception cref="UnreadableEventException">This program does not know the type or the version, or cannot read the data.</exception>
    public object Open(StoredEvent stored)
    {
        if (!byAlias.TryGetValue(stored.Type, out var entry)) throw new UnreadableEventException(stored, "is of a type this program does not know");
        try
        {
            var version = stored.Headers is null ? 1 : JsonSerializer.Deserialize<Headers>(stored.Headers)?.SchemaVersion ?? 1;
            if (version < 1 || version > entry.Version)
                throw new UnreadableEventException(stored, $"has version {version}, and this program knows 1 to {entry.Version}");
            if (version == entry.Version) return JsonSerializer.Deserialize(stored.Data.Span, entry.Type, Json)!;

            var data = JsonNode.Parse(stored.Data.Span)!.AsObject();
            foreach (var upcast in entry.Upcasters.Skip(version - 1)) data = upcast(data);
            return data.Deserialize(entry.Type, Json)!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UnreadableEventException(stored, "does not have the data of its type and version", e);
        }
    }

    /// <summary>The trace context an event came to be in; null when it was not noted.</summary>
    public static string? TraceparentOf(StoredEvent stored) => stored.Headers is null ? null : JsonSerializer.Deserialize<Headers>(stored.Headers)?.Traceparent;

    // PostgreSQL keeps no more.
    private static DateTimeOffset ToMicroseconds(DateTimeOffset at) =>
        new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    private sealed record Entry(Type Type, string Alias, string DotnetType, Upcaster[] Upcasters)
    {
        public int Version => Upcasters.Length + 1;
    }

    private sealed record Headers(
        [property: JsonPropertyName("schema_version")] int? SchemaVersion,
        [property: JsonPropertyName("actor"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Actor,
        [property: JsonPropertyName("source_run"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SourceRun,
        [property: JsonPropertyName("via"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Via,
        [property: JsonPropertyName("requestId"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RequestId,
        [property: JsonPropertyName("ip"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Ip,
        [property: JsonPropertyName("traceparent"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Traceparent);
}

/// <summary>An event this program cannot read. Who meets it stops there, because what is passed over is lost for good.</summary>
public sealed class UnreadableEventException(StoredEvent stored, string why, Exception? cause = null)
    : Exception($"The event {stored.Type} at {stored.Sequence} {why}.", cause)
{
    public string Type => stored.Type;

    public long Position => stored.Sequence;
}
