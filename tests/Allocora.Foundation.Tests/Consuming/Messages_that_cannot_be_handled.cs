using System.Text;
using System.Text.Json;
using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;
using Npgsql;
using RabbitMQ.Client;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class Messages_that_cannot_be_handled : IAsyncLifetime
{
    private const string Letters = "select message_id, reason_code, error, attempts, state from dead_letter order by id";
    private NoteDesk desk = null!;

    public async Task InitializeAsync() => desk = await NoteDesk.Open();

    public async Task DisposeAsync() => await desk.DisposeAsync();

    [Fact]
    public async Task Are_kept_with_the_reason_and_take_no_other_with_them()
    {
        await desk.Publish(Enumerable.Range(0, 400).Select(n => new Note(n, n % 100 == 50 ? Note.Break : Note.Keep)));

        await desk.Consuming();
        await desk.KeptAll(396);
        await Eventually.Sees(_ => desk.Count("dead_letter"), n => n == 4);

        Assert.Equal(
            [.. new[] { 50, 150, 250, 350 }.Select(n => $"note-{n}|rule-broken|The note breaks a rule.|1|open")], await desk.Rows(Letters));
        Assert.Equal(396, (await desk.Kept()).Distinct().Count());
    }

    [Fact]
    public async Task Are_found_when_only_the_batch_says_that_something_is_wrong()
    {
        // What the handler throws does not tell which of the batch it was; the append of the batch was rolled back with it.
        var notes = new Notes(desk.Log.Log, isFixed: true);
        await desk.Publish(Enumerable.Range(0, 300).Select(n => new Note(n)));

        await desk.Consuming(async (batch, ct) =>
        {
            if (batch.Any(m => m.Id == "note-7")) throw new JsonException("secret payload");
            if (batch.Any(m => m.Id == "note-8")) await LogDatabase.Ask(desk.Log.Worker, "select 1 / 0");
            if (batch.Any(m => m.Id == "note-9")) throw new OverflowException("secret payload");
            return await notes.Handle(batch, ct);
        });
        await desk.KeptAll(297);
        await Eventually.Sees(_ => desk.Count("dead_letter"), n => n == 3);

        Assert.Equal(Enumerable.Range(0, 300).Except([7, 8, 9]), await desk.Kept());
        Assert.Equal(["note-7|unreadable", "note-8|refused-by-database", "note-9|handler-failed"], await desk.Rows(
            "select message_id, reason_code from dead_letter order by id"));
        Assert.Contains("22012", (await desk.Rows(Letters))[1], StringComparison.Ordinal);
        Assert.Contains("OverflowException in ", (await desk.Rows(Letters))[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Are_kept_once_however_often_they_come()
    {
        for (var time = 0; time < 3; time++) await desk.Publish(new Note(1, Note.Break));

        await desk.Consuming();
        await desk.Publish(new Note(2));
        await desk.KeptAll(1);
        await Eventually.Sees(_ => desk.Number("select coalesce(sum(attempts), 0)::bigint from dead_letter"), n => n == 3);

        Assert.Equal(["note-1|rule-broken|The note breaks a rule.|3|open"], await desk.Rows(Letters));
    }

    [Fact]
    public async Task Are_both_kept_when_two_have_the_same_id()
    {
        await desk.Publish(NoteDesk.Properties(new(1)), new Note(1, Note.Break).ToBody());
        await desk.Publish(NoteDesk.Properties(new(1)), new Note(2, Note.Break).ToBody());

        await desk.Consuming();
        await Eventually.Sees(_ => desk.Count("dead_letter"), n => n == 2);

        var second = (await desk.Rows(Letters))[1];
        Assert.StartsWith("content-", second, StringComparison.Ordinal);
        Assert.Contains("It came under the message id of another", second, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("\0")]
    [InlineData("content-of-something-else")]
    public async Task Get_an_id_from_their_content_when_they_bring_none(string? id)
    {
        var properties = NoteDesk.Properties(new(1));
        if (id is null) properties.ClearMessageId();
        else properties.MessageId = id;
        for (var time = 0; time < 2; time++) await desk.Publish(properties, "{"u8.ToArray());
        await desk.Publish(properties, "["u8.ToArray());

        await desk.Consuming();
        await Eventually.Sees(_ => desk.Rows("select attempts from dead_letter order by id"), attempts => attempts is ["2", "1"]);

        Assert.All(await desk.Rows(Letters), row => Assert.Matches("^content-[0-9a-f]{64}.*It came without a usable message id", row));
    }

    [Fact]
    public async Task Say_nothing_of_what_is_in_them_in_the_log_or_the_reason()
    {
        var logs = new RecordedLog();
        await desk.Publish(NoteDesk.Properties(new(1)), """{"number":"secret"}"""u8.ToArray());
        await desk.Publish(NoteDesk.Properties(new(2)), """{"number":2,"do":"keep","secret":"""u8.ToArray());
        await desk.Publish(new Note(3));

        await desk.Consuming(logs: logs, handler: async (batch, ct) =>
        {
            if (batch.Any(m => m.Id == "note-3")) throw new InvalidOperationException("secret");
            return await new Notes(desk.Log.Log, isFixed: true).Handle(batch, ct);
        });
        await Eventually.Sees(_ => desk.Count("dead_letter"), n => n == 3);

        Assert.Equal(3, logs.Lines.Count(l => l.Contains("as a dead letter", StringComparison.Ordinal)));
        Assert.DoesNotContain(logs.Lines, l => l.Contains("secret", StringComparison.Ordinal));
        Assert.DoesNotContain(await desk.Rows(Letters), l => l.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Are_kept_whatever_they_are_made_of()
    {
        var random = new Random(20261121);
        var messages = Enumerable.Range(0, TestSize.Of(20_000, 1_000)).Select(n => Garbage(random, n)).ToList();
        await desk.Publish(messages);
        await desk.Publish(new Note(1));

        await desk.Consuming();
        await desk.KeptAll(1);
        await Eventually.Sees(_ => desk.Number("select coalesce(sum(attempts), 0)::bigint from dead_letter"), n => n == messages.Count, NoteDesk.Patience);

        Assert.Equal(["unreadable"], await desk.Rows("select distinct reason_code from dead_letter"));
        // Empty ones without an id are the same message.
        Assert.InRange(await desk.Count("dead_letter"), messages.Count * 9 / 10, messages.Count);
    }

    [Fact]
    public async Task Are_refused_by_the_database_for_what_they_say_and_not_for_how_it_is()
    {
        foreach (var (state, isTheirs) in new[]
        {
            ("22P05", true), ("23505", true), ("42P01", false), ("40001", false), ("40P01", false), ("53100", false),
            ("57014", false), ("57P01", false), ("08006", false),
        })
        {
            Assert.Equal(isTheirs, Fault.OfMessage(new PostgresException("secret", "ERROR", "ERROR", state)) is not null);
        }
        Assert.Null(Fault.OfMessage(new NpgsqlException("secret", new TimeoutException())));
        Assert.Null(Fault.OfMessage(new OperationCanceledException()));
        Assert.Equal("unreadable", Fault.OfMessage(new JsonException("secret"))!.Value.ReasonCode);
        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    private static (BasicProperties Properties, byte[] Body) Garbage(Random random, int number)
    {
        var body = new byte[random.Next(200)];
        random.NextBytes(body);
        if (random.Next(3) == 0) body = Encoding.UTF8.GetBytes("{\"number\":" + random.Next());
        var headers = new Dictionary<string, object?> { ["tenant-id"] = Value(random, 3), ["traceparent"] = Value(random, 0), ["x\0y"] = Value(random, 2) };
        for (var more = random.Next(4); more > 0; more--) headers[$"h{more}"] = Value(random, 3);
        var properties = new BasicProperties { Headers = headers, Persistent = random.Next(2) == 0 };
        if (random.Next(4) != 0) properties.MessageId = $"garbage-{number}";
        if (random.Next(2) == 0) properties.Type = random.Next(2) == 0 ? "com.allocora.unknown" : "a\0b";
        return (properties, body);
    }

    private static object? Value(Random random, int depth)
    {
        var bytes = new byte[random.Next(40)];
        random.NextBytes(bytes);
        return random.Next(depth == 0 ? 6 : 8) switch
        {
            0 => null,
            1 => bytes,
            2 => random.Next(),
            3 => random.NextInt64(),
            4 => random.Next(2) == 0,
            5 => "\ud83d\ude00\0\ufffd",
            6 => new List<object?> { Value(random, depth - 1), Value(random, depth - 1) },
            _ => new Dictionary<string, object?> { ["t"] = Value(random, depth - 1) },
        };
    }
}
