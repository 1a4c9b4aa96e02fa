namespace Allocora.Connector.Tests;

public sealed class Syncing_a_source
{
    [Fact]
    public async Task A_full_sync_brings_all_there_is_and_a_second_one_nothing()
    {
        await using var source = await SyncedSource.Connect("--transactions", "1000", "--seed", "7");
        var first = await source.Sync("full");
        Assert.Equal("succeeded", first.State);
        Assert.Equal(first.Rows, first.Outcomes.Values.Sum());

        var second = await source.Sync("full");
        Assert.Equal(("succeeded", 0L), (second.State, second.Outcomes.GetValueOrDefault("accepted")));
        Assert.Equal(first.Rows, second.Rows);
    }
}
