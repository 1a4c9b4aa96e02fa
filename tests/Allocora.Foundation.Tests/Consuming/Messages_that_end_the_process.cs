using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class Messages_that_end_the_process
{
    private static readonly int Notes = TestSize.Of(100_000, 5_000);
    private static readonly int Broken = TestSize.IsFull ? 50 : 10, Crashing = TestSize.IsFull ? 5 : 2;

    [Fact]
    public async Task Are_found_among_thousands_of_good_ones_and_handled_once_that_is_fixed()
    {
        await using var desk = await NoteDesk.Open();
        var numbers = Enumerable.Range(0, Notes).ToArray();
        new Random(20261121).Shuffle(numbers);
        var (broken, crashing) = (numbers[..Broken], numbers[Broken..(Broken + Crashing)]);
        await desk.Publish(Enumerable.Range(0, Notes).Select(n =>
            new Note(n, crashing.Contains(n) ? Note.Crash : broken.Contains(n) ? Note.Break : Note.Keep)));

        var crashes = await RunUntilAllAreSeenTo(desk);

        Assert.Equal(
            broken.Select(n => $"note-{n}|rule-broken").Concat(crashing.Select(n => $"note-{n}|crash-suspect")).Order(StringComparer.Ordinal),
            (await desk.Rows("select message_id, reason_code from dead_letter")).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(0, Notes).Except(broken).Except(crashing), (await desk.Kept()).Order());
        // Each ends it three times unnoticed at most, and three times under observation.
        Assert.InRange(crashes, 3 * Crashing, 6 * Crashing);

        await using var repaired = await desk.Process(isFixed: true);
        foreach (var letter in await desk.DeadLetters.Page(DeadLettersOf.All, 0, 200, "open", default))
            Assert.True(await desk.DeadLetters.Replay(letter.Id, null, default));
        await desk.KeptAll(Notes);
        await Eventually.Sees(_ => desk.Rows("select distinct state from dead_letter"), states => states is ["replayed"], NoteDesk.Patience);
        Assert.Equal(Enumerable.Range(0, Notes), (await desk.Kept()).Order());
        await Eventually.Sees(_ => desk.Count("attempt_started"), n => n == 0, NoteDesk.Patience);
    }

    private static async Task<int> RunUntilAllAreSeenTo(NoteDesk desk)
    {
        for (var crashes = 0; ; crashes++)
        {
            await using var process = await desk.Process();
            var done = Eventually.Sees(
                async _ => await desk.Count("mt_events") + await desk.Count("dead_letter"), seen => seen >= Notes, NoteDesk.Patience);
            await Task.WhenAny(process.Exited, done);
            if (process.Exited.IsCompleted && !done.IsCompleted) continue;
            await done;
            await Eventually.Sees(_ => desk.Waiting(), n => n == 0, NoteDesk.Patience);
            await process.Stop();
            return crashes;
        }
    }
}
