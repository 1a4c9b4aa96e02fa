using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class Taking_messages_from_a_queue
{
    private static readonly int Notes = TestSize.Of(100_000, 5_000);

    [Fact]
    public async Task Every_message_becomes_one_event_however_often_and_to_whom_it_comes()
    {
        await using var desk = await NoteDesk.Open(singleActive: false);
        for (var consumer = 0; consumer < 4; consumer++) await desk.Consuming();

        await desk.Publish(ThriceShuffled());
        await desk.KeptAll(Notes);
        await Eventually.Sees(_ => desk.Waiting(), n => n == 0, NoteDesk.Patience);

        Assert.Equal(Enumerable.Range(0, Notes), (await desk.Kept()).Order());
        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    [Fact]
    public async Task Every_message_becomes_one_event_when_the_consumer_is_killed_again_and_again()
    {
        await using var desk = await NoteDesk.Open();
        await desk.Publish(ThriceShuffled());

        var random = new Random(20261121);
        for (var kill = 0; kill < TestSize.Of(20, 3); kill++)
        {
            var before = await desk.Count("mt_events");
            await using var process = await desk.Process();
            // In the middle of its work, if there is still work.
            await Eventually.Sees(_ => desk.Count("mt_events"), n => n > before + random.Next(500) || n == Notes, NoteDesk.Patience);
            await process.Kill();
        }
        await using var last = await desk.Process();
        await desk.KeptAll(Notes);
        await Eventually.Sees(_ => desk.Waiting(), n => n == 0, NoteDesk.Patience);

        Assert.Equal(Enumerable.Range(0, Notes), (await desk.Kept()).Order());
        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    [Fact]
    public async Task They_keep_their_order_and_come_in_batches()
    {
        await using var desk = await NoteDesk.Open();
        await desk.Publish(Enumerable.Range(0, 1000).Select(n => new Note(n)));
        var notes = new Notes(desk.Log.Log, isFixed: false);
        var sizes = new List<int>();

        await desk.Consuming(async (batch, ct) =>
        {
            sizes.Add(batch.Count);
            return await notes.Handle(batch, ct);
        });
        await desk.KeptAll(1000);

        Assert.Equal(Enumerable.Range(0, 1000), await desk.Kept());
        Assert.Equal(1000, sizes.Sum());
        Assert.InRange(sizes.Max(), 50, 200);
    }

    [Fact]
    public async Task A_message_is_the_handlers_own_and_says_all_that_was_sent_with_it()
    {
        await using var desk = await NoteDesk.Open();
        var got = new List<Received>();
        var properties = NoteDesk.Properties(new(1));
        properties.Headers!["cloudEvents_subject"] = "rec_1";
        properties.Headers["n"] = 17;
        properties.Headers["traceparent"] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await desk.Publish(properties, new Note(1).ToBody());
        await desk.Publish(Enumerable.Range(2, 500).Select(n => new Note(n)));

        await desk.Consuming((batch, _) =>
        {
            got.AddRange(batch);
            return Task.FromResult<IReadOnlyList<Verdict>>([.. batch.Select(_ => Verdict.Done)]);
        });
        await Eventually.Sees(() => got.Count, n => n == 501, NoteDesk.Patience);

        var first = got[0];
        Assert.Equal(("note-1", Note.Type, Note.Workspace, "rec_1"), (first.Id, first.Type, first.Workspace, first.Subject));
        Assert.Equal(("17", false, 0L), (first.Headers["n"], first.Redelivered, first.DeliveryCount));
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", first.TraceContext.TraceId.ToHexString());
        // The client's buffers have been used many times since.
        for (var n = 0; n < got.Count; n++) Assert.Equal(new Note(n + 1).ToBody(), got[n].Body.ToArray());
    }

    private static IEnumerable<Note> ThriceShuffled()
    {
        var numbers = Enumerable.Range(0, Notes * 3).Select(n => n % Notes).ToArray();
        new Random(20261121).Shuffle(numbers);
        return numbers.Select(n => new Note(n));
    }
}
