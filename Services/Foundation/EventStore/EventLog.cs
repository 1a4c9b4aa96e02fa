using System.Data;
using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace Allocora.EventStore;

/// <summary>An event as it is stored: its data and headers are JSON, its time is cut to microseconds.</summary>
public sealed record NewEvent(
    Guid Id, string Type, string DotnetType, string Data, DateTimeOffset At, string? Headers = null, string? Correlation = null, string? Causation = null);

/// <summary>What one observation or decision adds to one stream.</summary>
/// <param name="Key">Names the observation; what was appended under a key once is never appended again. Null for decisions on a version.</param>
/// <param name="ExpectedVersion">The version the caller decided on, 0 for a stream that was not there; null when it does not matter.</param>
public sealed record Entry(string Workspace, string Stream, string? Key, long? ExpectedVersion, IReadOnlyList<NewEvent> Events);

public enum Outcome
{
    Appended,

    /// <summary>The key is known: this was appended before.</summary>
    Duplicate,

    /// <summary>Somebody else wrote to the stream first: read and decide again.</summary>
    Contended,
}

/// <param name="LastSequence">Of the entry's last event; null when it was not appended.</param>
public readonly record struct Appended(Outcome Outcome, long? LastSequence);

/// <summary>The log of a service. It is written here and nowhere else.</summary>
public sealed partial class EventLog(NpgsqlDataSource source)
{
    private const string Call = "select outcome, last_seq from allocora_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

    /// <summary>
    /// Appends hundreds of entries over many streams in one round trip and one transaction. Only entries without an expected
    /// version may share a stream with others of the call.
    /// </summary>
    public async Task<IReadOnlyList<Appended>> Append(IReadOnlyList<Entry> entries, CancellationToken ct)
    {
        await using var command = source.CreateCommand(Call);
        return await Append(command, entries, ct);
    }

    /// <summary>The same as part of a transaction of the caller's, who must not think between this and its commit: all others wait.</summary>
    public static async Task<IReadOnlyList<Appended>> Append(NpgsqlTransaction transaction, IReadOnlyList<Entry> entries, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Call, transaction.Connection, transaction);
        return await Append(command, entries, ct);
    }

    private static async Task<IReadOnlyList<Appended>> Append(NpgsqlCommand command, IReadOnlyList<Entry> entries, CancellationToken ct)
    {
        if (entries.Count == 0) return [];
        var firsts = new Dictionary<(string, string), int>(entries.Count);
        var sent = new List<Entry>(entries.Count);
        var places = new int[entries.Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = sent.Count;
            // A key that repeats itself in one call is sent once.
            if (entries[i].Key is { } key && !firsts.TryAdd((entries[i].Workspace, key), sent.Count)) places[i] = firsts[(entries[i].Workspace, key)];
            else sent.Add(entries[i]);
        }
        Describe(command.Parameters, sent);
        var answers = await Read(command, sent.Count, ct);
        return sent.Count == entries.Count ? answers : Spread(answers, places);
    }

    private static List<Appended> Spread(List<Appended> answers, int[] places)
    {
        var told = new bool[answers.Count];
        var spread = new List<Appended>(places.Length);
        foreach (var place in places)
        {
            spread.Add(told[place] && answers[place].Outcome == Outcome.Appended ? new(Outcome.Duplicate, null) : answers[place]);
            told[place] = true;
        }
        return spread;
    }

    private static async Task<List<Appended>> Read(NpgsqlCommand command, int count, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess, ct);
        var answers = new List<Appended>(count);
        while (await reader.ReadAsync(ct)) answers.Add(await Answer(reader, ct));
        return answers;
    }

    private static async Task<Appended> Answer(NpgsqlDataReader reader, CancellationToken ct)
    {
        var outcome = reader.GetString(0) switch
        {
            "appended" => Outcome.Appended,
            "duplicate" => Outcome.Duplicate,
            "contended" => Outcome.Contended,
            var other => throw new UnreachableException($"allocora_append answers {other}."),
        };
        return new(outcome, await reader.IsDBNullAsync(1, ct) ? null : reader.GetInt64(1));
    }

    private static void Describe(NpgsqlParameterCollection parameters, IReadOnlyList<Entry> entries)
    {
        var decided = entries.Where(e => e.ExpectedVersion is not null).Select(e => (e.Workspace, e.Stream)).ToHashSet();
        if (entries.Count(e => decided.Contains((e.Workspace, e.Stream))) > decided.Count)
            throw new ArgumentException("An entry with an expected version shares its stream with another of the call.", nameof(entries));

        var events = entries.Index().SelectMany(e => e.Item.Events, (e, happened) => (Entry: e.Index + 1, Event: happened)).ToList();
        Add(parameters, NpgsqlDbType.Text, entries, e => e.Workspace);
        Add(parameters, NpgsqlDbType.Text, entries, e => e.Stream);
        Add(parameters, NpgsqlDbType.Text, entries, e => e.Key);
        Add(parameters, NpgsqlDbType.Bigint, entries, e => e.ExpectedVersion);
        Add(parameters, NpgsqlDbType.Integer, events, e => e.Entry);
        Add(parameters, NpgsqlDbType.Uuid, events, e => e.Event.Id);
        Add(parameters, NpgsqlDbType.Text, events, e => e.Event.Type);
        Add(parameters, NpgsqlDbType.Text, events, e => e.Event.DotnetType);
        Add(parameters, NpgsqlDbType.Jsonb, events, e => e.Event.Data);
        Add(parameters, NpgsqlDbType.Jsonb, events, e => e.Event.Headers);
        Add(parameters, NpgsqlDbType.Text, events, e => e.Event.Correlation);
        Add(parameters, NpgsqlDbType.Text, events, e => e.Event.Causation);
        Add(parameters, NpgsqlDbType.TimestampTz, events, e => e.Event.At.ToUniversalTime());
        Add(parameters, NpgsqlDbType.Bytea, events, e =>
            CanonicalJson.Hash(e.Event.Data, e.Event.Headers, e.Event.DotnetType, e.Event.Correlation, e.Event.Causation));
    }

    private static void Add<TItem, TValue>(NpgsqlParameterCollection parameters, NpgsqlDbType type, IReadOnlyList<TItem> items, Func<TItem, TValue> value)
    {
        var values = new TValue[items.Count];
        for (var i = 0; i < values.Length; i++) values[i] = value(items[i]);
        parameters.Add(new NpgsqlParameter<TValue[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
    }
}
