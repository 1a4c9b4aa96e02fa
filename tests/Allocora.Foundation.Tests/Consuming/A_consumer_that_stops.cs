using Allocora.Probe;
using Allocora.Testing;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class A_consumer_that_stops
{
    private static readonly int Rounds = TestSize.Of(20, 3);

    [Fact]
    public async Task Finishes_what_it_has_and_gives_nothing_back()
    {
        await using var desk = await NoteDesk.Open();
        var sent = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await desk.Publish(Enumerable.Range(sent, 2000).Select(n => new Note(n)));
            sent += 2000;
            var before = await desk.Count("mt_events");
            using var host = desk.Consumer();
            await host.StartAsync();
            await Eventually.Sees(_ => desk.Count("mt_events"), n => n > before, NoteDesk.Patience);
            await host.StopAsync();
        }

        var left = await desk.DeliveryCounts();
        Assert.True(left.Count > 0, "all was done before the stop, which then proves nothing");
        Assert.All(left, count => Assert.Equal(0, count));
        Assert.Equal(Enumerable.Range(0, sent - left.Count), await desk.Kept());
    }

    [Fact]
    public async Task Finishes_what_it_has_when_it_is_a_process()
    {
        await using var desk = await NoteDesk.Open();
        await desk.Publish(Enumerable.Range(0, 20_000).Select(n => new Note(n)));
        await using var process = await desk.Process();
        await Eventually.Sees(_ => desk.Count("mt_events"), n => n > 0, NoteDesk.Patience);

        await process.Stop();

        Assert.Equal(0, await process.Exited);
        var left = await desk.DeliveryCounts();
        Assert.All(left, count => Assert.Equal(0, count));
        Assert.Equal(Enumerable.Range(0, 20_000 - left.Count), await desk.Kept());
    }

    [Fact]
    public async Task Waits_for_the_batch_it_is_handling()
    {
        await using var desk = await NoteDesk.Open();
        var (begun, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        await desk.Publish(new Note(1));
        var host = await desk.Consuming(async (batch, ct) =>
        {
            begun.SetResult();
            await go.Task;
            return await new Notes(desk.Log.Log, isFixed: true).Handle(batch, ct);
        });
        await begun.Task.WaitAsync(NoteDesk.Patience);

        var stopping = host.StopAsync();
        Assert.False(stopping.IsCompleted);
        go.SetResult();
        await stopping;

        Assert.Equal([1], await desk.Kept());
        Assert.Empty(await desk.DeliveryCounts());
    }

    [Fact]
    public async Task Does_not_wait_for_ever()
    {
        await using var desk = await NoteDesk.Open();
        var time = new ManualTime();
        var begun = new TaskCompletionSource();
        await desk.Publish(new Note(1));
        var host = await desk.Consuming(time: time, handler: async (_, ct) =>
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, ct);
            return [];
        });
        await begun.Task.WaitAsync(NoteDesk.Patience);

        var stopping = host.StopAsync();
        await Eventually.Sees(() => time.Due, due => due.Contains(TimeSpan.FromSeconds(20)), NoteDesk.Patience);
        time.Advance(TimeSpan.FromSeconds(20));
        await stopping;

        Assert.Equal([1], await desk.DeliveryCounts());
    }
}
