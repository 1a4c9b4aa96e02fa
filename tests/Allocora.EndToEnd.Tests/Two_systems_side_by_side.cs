using Allocora.Testing;

namespace Allocora.EndToEnd.Tests;

public sealed class Two_systems_side_by_side
{
    [Fact]
    public async Task Do_not_disturb_each_other_and_leave_nothing_behind()
    {
        await using var one = new FrontDoor();
        await using var two = new FrontDoor();
        await Task.WhenAll(one.Up(), two.Up());
        Assert.Empty(one.Ports().Intersect(two.Ports()));
        var (pidsOfOne, before) = (one.Pids(), await two.Services());

        Assert.Equal(0, (await one.Run("down")).ExitCode);
        // The servers' own children may still be on their way out when the servers have said goodbye.
        await Eventually.Sees(() => one.Remains(pidsOfOne), left => left.Count == 0, TimeSpan.FromSeconds(5));
        var after = await two.Services();
        Assert.Equal(before, after);
        Assert.All(after.Values, s => Assert.Equal("ready", s.State));

        // Nobody is left to stop them in order: the kernel has to.
        var pidsOfTwo = two.Pids();
        await FrontDoor.Kill(two.RunFile.GetProperty("appHost").GetInt32());
        await Eventually.Sees(() => two.Remains(pidsOfTwo), left => left.Count == 0);

        await two.Up();
        Assert.All((await two.Services()).Values, s => Assert.Equal("ready", s.State));
    }
}
