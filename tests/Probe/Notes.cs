using System.Text.Json;
using Allocora.EventStore;
using Allocora.Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Allocora.Probe;

/// <summary>What the messages of the tests say.</summary>
/// <param name="Do">keep; or break a rule, or end the process, until that is fixed.</param>
public sealed record Note(int Number, string Do = Note.Keep)
{
    public const string Keep = "keep", Break = "break", Crash = "crash";
    public const string Type = "com.allocora.probe.note.v1", Workspace = "ws_probe";

    public byte[] ToBody() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);
}

/// <summary>A small service: each note becomes one event, under its number as the key.</summary>
public sealed class Notes(EventLog log, bool isFixed)
{
    public async Task<IReadOnlyList<Verdict>> Handle(IReadOnlyList<Received> batch, CancellationToken ct)
    {
        var verdicts = new Verdict[batch.Count];
        var entries = new List<(int At, Entry Entry)>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            var note = JsonSerializer.Deserialize<Note>(batch[i].Body.Span, JsonSerializerOptions.Web) ?? throw new JsonException("The body is null.");
            if (note.Do == Note.Crash && !isFixed) Environment.FailFast("as the message says");
            if (note.Do == Note.Break && !isFixed) verdicts[i] = Verdict.Broken("rule-broken", "The note breaks a rule.");
            else entries.Add((i, EntryOf(note, batch[i])));
        }
        var answers = await log.Append([.. entries.Select(e => e.Entry)], ct);
        foreach (var ((at, _), answer) in entries.Zip(answers)) verdicts[at] = answer.Outcome == Outcome.Duplicate ? Verdict.Duplicate : Verdict.Done;
        return verdicts;
    }

    public static string StreamOf(int number) => $"note-{number}";

    private static Entry EntryOf(Note note, Received message)
    {
        var noted = new NewEvent(Guid.CreateVersion7(), "note_kept", "Probe", $$"""{"Number":{{note.Number}}}""", DateTimeOffset.UnixEpoch);
        return new(message.Workspace ?? Note.Workspace, StreamOf(note.Number), StreamOf(note.Number), null, [noted]);
    }
}

public static class NoteQueue
{
    public static readonly ServiceSchema Schema = new("probe", typeof(Broker).Assembly);

    public static QueueDefinition Named(string name, bool singleActive) =>
        new(name, "allocora.notes", [name], singleActive, DeliveryLimit: 50, LengthMax: 1_000_000);

    /// <summary>Everything a service that takes notes consists of.</summary>
    public static void AddNotes(this IHostApplicationBuilder builder, QueueDefinition queue, bool isFixed)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.AddDatabase(Schema);
        builder.AddBroker("rabbitmq", "probe");
        builder.AddConsumer(new(queue) { Prefetch = 200, BatchMax = 200 }, services =>
            new Notes(new(services.GetRequiredKeyedService<NpgsqlDataSource>("probe_worker")), isFixed).Handle);
    }
}
