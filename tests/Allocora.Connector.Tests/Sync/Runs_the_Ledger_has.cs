using System.Text;
using Allocora.Contracts.Messages;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>A run has succeeded when what it brought is in the Ledger's log, and not before.</summary>
public sealed class Runs_the_Ledger_has
{
    private const string Away = "--ConnectionStrings:ledger_tail=Host=127.0.0.1;Port=1;Database=ledger;Username=nobody;Password=x7fk20sj";

    [Fact]
    public async Task A_run_is_being_delivered_until_its_end_is_in_the_Ledgers_log()
    {
        await using var ledger = await LedgerLog.Create();
        await using var source = await SyncedSource.Connect(new ConnectorWish { Ledger = ledger }, [], "--transactions", "60");
        var (first, end) = await Told(source);
        var (second, _) = await Told(source);
        // Neither another run's end nor another workspace's is this one's.
        await ledger.Take(RunningConnector.OtherWorkspace, end);
        await ledger.Take(RunningConnector.Workspace, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(end).Replace(first, "run_01hf7yat00000000000000000z")));
        Assert.Equal(("delivering", null), (await source.Run(first)) is { } now ? (now.State, now.EndedAt) : default);

        await ledger.Take(RunningConnector.Workspace, end);

        Assert.NotNull((await source.Over(first)).EndedAt);
        Assert.Equal(("succeeded", "delivering"), ((await source.Run(first)).State, (await source.Run(second)).State));
    }

    [Fact]
    public async Task While_the_Ledgers_database_is_away_runs_are_read_and_told_and_nothing_but_their_end_waits()
    {
        await using var source = await SyncedSource.Connect(new ConnectorWish { Settings = [Away] }, [], "--transactions", "60");
        var (first, _) = await Told(source);
        var (second, _) = await Told(source);

        Assert.Equal(("delivering", "delivering"), ((await source.Run(first)).State, (await source.Run(second)).State));
        Assert.NotEmpty(source.Queue.Named(PaddleTransactionSeen.Name));
        await Eventually.Sees(_ => source.Connector.Database.Ask("select count(*) from outbox where sent_at is null"), untold => (long)untold! == 0);
        using var asking = new HttpClient { BaseAddress = new(source.Connector.Address) };
        Assert.True((await asking.GetAsync("/healthz/ready")).IsSuccessStatusCode);
    }

    /// <summary>A run that has read all it wanted, and its last message, which has arrived.</summary>
    private static async Task<(string Run, byte[] End)> Told(SyncedSource source)
    {
        var run = await source.Start("full");
        var end = await Eventually.Sees(
            () => source.Queue.Named(PaddleRunEnded.Name).FirstOrDefault(m => (string)m.Json["run"]! == run), message => message is not null);
        return (run, end!.Body);
    }
}
