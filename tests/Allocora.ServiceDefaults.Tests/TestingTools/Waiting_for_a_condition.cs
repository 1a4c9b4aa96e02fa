using Allocora.Testing;

namespace Allocora.ServiceDefaults.Tests.TestingTools;

public sealed class Waiting_for_a_condition
{
    [Fact]
    public async Task Ends_as_soon_as_it_holds_and_returns_what_was_seen()
    {
        var looks = 0;

        Assert.Equal(3, await Eventually.Sees(() => ++looks, seen => seen == 3));
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Says_what_was_seen_last_when_the_deadline_passes()
    {
        var late = await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Sees(() => "two of three", _ => false, TimeSpan.FromMilliseconds(60)));

        Assert.EndsWith("Last seen: two of three", late.Message);
    }

    [Fact]
    public async Task Lists_what_a_collection_held()
    {
        var late = await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Sees(() => new[] { 1, 2 }, _ => false, TimeSpan.FromMilliseconds(60)));

        Assert.EndsWith("Last seen: [1, 2]", late.Message);
    }

    [Fact]
    public async Task Counts_a_look_that_throws_as_not_yet()
    {
        var looks = 0;

        Assert.Equal(2, await Eventually.Sees(() => ++looks == 1 ? throw new IOException("not up") : looks, _ => true));
    }

    [Fact]
    public async Task Says_what_the_last_look_threw()
    {
        var late = await Assert.ThrowsAsync<TimeoutException>(() =>
            Eventually.Sees(() => false ? 0 : throw new IOException("connection refused"), _ => true, TimeSpan.FromMilliseconds(60)));

        Assert.EndsWith("Last seen: IOException: connection refused", late.Message);
    }

    [Fact]
    public async Task Leaves_behind_a_look_that_never_answers()
    {
        var never = new TaskCompletionSource<int>();

        await Assert.ThrowsAsync<TimeoutException>(() => Eventually.Sees(_ => never.Task, _ => true, TimeSpan.FromMilliseconds(60)));
    }

    [Fact]
    public async Task Stops_when_the_test_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Eventually.Sees(() => 0, _ => false, ct: cancelled.Token));
    }
}
