using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class Messages_under_suspicion : IAsyncLifetime
{
    private NoteDesk desk = null!;

    public async Task InitializeAsync() => desk = await NoteDesk.Open();

    public async Task DisposeAsync() => await desk.DisposeAsync();

    [Fact]
    public async Task Come_one_at_a_time_and_in_batches_again_once_a_whole_stretch_went_well()
    {
        await Began(times: 1);
        await desk.Publish(Enumerable.Range(0, 1000).Select(n => new Note(n)));
        var (notes, sizes) = (new Notes(desk.Log.Log, isFixed: false), new List<int>());

        var host = await desk.Consuming(async (batch, ct) =>
        {
            sizes.Add(batch.Count);
            return await notes.Handle(batch, ct);
        });
        await desk.KeptAll(1000);

        Assert.All(sizes.Take(200), size => Assert.Equal(1, size));
        Assert.True(sizes.Count < 400, $"{sizes.Count} batches");
        Assert.False(host.Services.GetRequiredKeyedService<ConsumerHost>(NoteDesk.Queue).IsInQuarantine);
        Assert.Equal(0, await desk.Count("attempt_started"));
        Assert.Equal(Enumerable.Range(0, 1000), await desk.Kept());
    }

    [Fact]
    public async Task Leave_a_trace_while_they_are_handled_and_none_after()
    {
        await Began(times: 1);
        await desk.Publish(new Note(0), new Note(1));
        var (notes, seen) = (new Notes(desk.Log.Log, isFixed: false), new List<string>());

        await desk.Consuming(async (batch, ct) =>
        {
            seen.AddRange(await desk.Rows("select message_id, attempts from attempt_started order by message_id"));
            return await notes.Handle(batch, ct);
        });
        await desk.KeptAll(2);

        await Eventually.Sees(_ => desk.Count("attempt_started"), n => n == 0, NoteDesk.Patience);
        Assert.Equal(["note-0|2", "note-1|1"], seen);
    }

    [Fact]
    public async Task Are_not_tried_a_fourth_time()
    {
        await Began(times: 3);
        await desk.Publish(new Note(0), new Note(1));

        await desk.Consuming();
        await desk.KeptAll(1);

        Assert.Equal([1], await desk.Kept());
        Assert.Equal(["note-0|crash-suspect|The process ended 3 times while it was being handled."], await desk.Rows(
            "select message_id, reason_code, error from dead_letter"));
        await Eventually.Sees(_ => desk.Count("attempt_started"), n => n == 0, NoteDesk.Patience);
    }

    [Fact]
    public async Task Are_not_blamed_for_what_is_our_fault()
    {
        await Began(times: 2);
        await desk.Publish(new Note(0));
        var (notes, calls) = (new Notes(desk.Log.Log, isFixed: false), 0);

        await desk.Consuming((batch, ct) => ++calls < 5 ? throw new UnavailableException("The rates are not there.") : notes.Handle(batch, ct));
        await desk.KeptAll(1);

        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    [Fact]
    public async Task Are_all_that_came_back_from_consumers_three_times()
    {
        await desk.Publish(Enumerable.Range(0, 3).Select(n => new Note(n)));
        for (var time = 0; time < 3; time++) await desk.TakeAndGiveBack(3);
        var (notes, sizes) = (new Notes(desk.Log.Log, isFixed: false), new List<int>());

        var host = await desk.Consuming(async (batch, ct) =>
        {
            sizes.Add(batch.Count);
            return await notes.Handle(batch, ct);
        });
        await desk.KeptAll(3);

        Assert.Equal([1, 1, 1], sizes);
        Assert.True(host.Services.GetRequiredKeyedService<ConsumerHost>(NoteDesk.Queue).IsInQuarantine);
    }

    private Task<object?> Began(int times) => desk.Log.Ask($"insert into attempt_started values ('{NoteDesk.Queue}', 'note-0', {times}, now())");
}
