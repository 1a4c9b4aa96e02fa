using System.Net.Http.Json;
using System.Text;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>Other terms show more of the same objects. That is news where it counts, and never a contradiction of Paddle's.</summary>
public sealed class Reading_otherwise
{
    [Fact]
    public async Task With_a_key_of_custom_data_what_has_it_is_told_anew_and_nothing_else()
    {
        await using var source = await SyncedSource.Connect("--transactions", "300", "--seed", "3");
        await source.Sync("full");
        var before = source.Queue.Named(PaddleTransactionSeen.Name).Count();
        Assert.True(before > 0 && source.Queue.Named(PaddleTransactionSeen.Name).All(m => !Says(m, "\"ref\":")));

        var changed = await source.Api.PatchAsJsonAsync(
            $"/api/v1/workspaces/{RunningConnector.Workspace}/sources/{source.Id}", new { customDataKeys = new[] { "ref" } });
        Assert.True(changed.IsSuccessStatusCode, await changed.Content.ReadAsStringAsync());
        var again = await source.Sync("full");

        Assert.Equal(("succeeded", 0L), (again.State, again.Outcomes.GetValueOrDefault("conflict")));
        var told = again.Outcomes["accepted"];
        Assert.InRange(told, 1, before - 1);
        await Eventually.Sees(() => source.Queue.Named(PaddleTransactionSeen.Name).Count(), count => count >= before + told);
        Assert.Equal(told, source.Queue.Named(PaddleTransactionSeen.Name).LongCount(m => Says(m, "\"ref\":")));
        Assert.Equal(0L, (await source.Sync("full")).Outcomes.GetValueOrDefault("accepted"));
    }

    private static bool Says(IngestQueue.Arrived message, string what) => Encoding.UTF8.GetString(message.Body).Contains(what, StringComparison.Ordinal);
}
