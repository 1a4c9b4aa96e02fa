using Allocora.Contracts.Messages;
using Allocora.EventStore;
using Allocora.Testing;

namespace Allocora.Ledger.Tests.Ingest;

/// <summary>T-KILL-1: a ledger that is killed again and again while it is told comes to the same end as one that is not.</summary>
public sealed class Ending_the_ledger_anywhere
{
    private const string Run = "run_0000000000000000000000000a";

    [Fact]
    public async Task Nothing_is_lost_and_nothing_counts_twice()
    {
        var (count, kills) = (TestSize.Of(100_000, 4000), TestSize.Of(20, 4));
        await using var database = await ServiceDatabase.Create(LedgerModule.Schema);
        await using var console = await ConsoleLog.Create();
        await console.Open(RunningLedger.Workspace);
        await using var vhost = await TestVhost.Create();
        var heads = Directory.CreateTempSubdirectory("allocora-killed-");
        var told = RunningLedger.Arguments(database, console, vhost, Path.Combine(heads.FullName, "ledger"));

        var random = new Random(Random.Shared.Next());
        await using (var first = await Start(told)) // it makes the queue
            await Eventually.Sees(_ => database.Ask("select count(*) from mt_event_progression where name = 'relay:allocora.events'"), n => n is 1L);
        await using var teller = await Teller.Open(vhost);
        var telling = Task.Run(async () =>
        {
            foreach (var some in Enumerable.Range(1, count).Chunk(500))
                await teller.Tell(RunningLedger.Workspace, [.. some.SelectMany(Versions).SelectMany(m => Enumerable.Repeat(m, 1 + random.Next(2)))]);
            await teller.Tell(new PaddleRunEnded(Run, MadeUp.Source, "live", "full", 0, 0, new Dictionary<string, long>(), null));
        });
        for (var kill = 1; kill <= kills; kill++)
        {
            await using var dying = await Start(told);
            var (least, before) = ((long)count * 2 * kill / (kills + 2), await Recorded(database));
            await Eventually.Sees(_ => Recorded(database), n => n > before && n >= least / 2, TimeSpan.FromMinutes(5));
            await dying.Kill();
        }
        await using var living = await Start(told);
        await telling;
        await Eventually.Sees(_ => database.Ask($"select count(*) from mt_events where stream_id = 'run-{Run}'"), n => n is 1L, TimeSpan.FromMinutes(10));

        Assert.Equal((long)count, await database.Ask("select count(*) from mt_events where type = 'transaction_recorded'"));
        Assert.Equal((long)count, await database.Ask("select count(*) from mt_events where type = 'transaction_settled'"));
        Assert.Equal((long)(count / 5), await database.Ask("select count(*) from mt_events where type = 'adjustment_recorded'"));
        Assert.Equal(0L, await database.Ask("select count(*) from dead_letter"));
        var expected = Enumerable.Range(1, count).Sum(n => 600L + n) - Enumerable.Range(1, count).Count(n => n % 5 == 0) * 60L;
        await Eventually.Sees(
            _ => database.Ask("select coalesce(sum(total), 0)::bigint from ledger_books_v1.fact"), sum => sum is long s && s == expected,
            TimeSpan.FromMinutes(5));
        Assert.True((await new Seal(database.Worker).Verify(RunningLedger.Workspace, default)).Ok);
        heads.Delete(recursive: true);
    }

    private static IEnumerable<object> Versions(int n)
    {
        yield return MadeUp.Sale(n, "paid", 600 + n, earnings: null).Seen();
        yield return MadeUp.Sale(n, total: 600 + n, minute: 3, earnings: 400 + n).Seen();
        if (n % 5 == 0) yield return MadeUp.Adjustment(n, total: 60, sale: n).Seen();
    }

    private static async Task<long> Recorded(ServiceDatabase database) =>
        (long)(await database.Ask("select count(*) from mt_events where type = 'transaction_recorded'"))!;

    private static Task<ChildProgram> Start(string[] told) => ChildProgram.Start("Allocora.Ledger", new Dictionary<string, string>(), told);
}
