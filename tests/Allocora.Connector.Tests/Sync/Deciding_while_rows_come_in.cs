using Allocora.Contracts.Api;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>A person includes a sale at the very moment at which a page brings a refund of it.</summary>
public sealed class Deciding_while_rows_come_in : IAsyncLifetime
{
    private const string Workspace = Register.Workspace, SourceId = "src_one", Run = "run_one";
    private readonly Source source = new(Workspace, SourceId, "Shop", "live", null, new([], null, []), 60, "active", null, [], DateTimeOffset.UnixEpoch, 1);
    private ConnectorDatabase database = null!;

    public async Task InitializeAsync()
    {
        database = await ConnectorDatabase.Create();
        await database.Source();
        await database.Ask($"""
            insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at, epoch)
              values ('{Workspace}', '{Run}', '{SourceId}', 'full', 'running', 'person', now(), 1)
            """);
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task The_refund_counts_whoever_was_first()
    {
        var claim = (await new Claims(database.Worker, TimeSpan.FromMinutes(10)).Take(SourceId, "me", CancellationToken.None))!;
        var (rows, commands) = (new CommitRows(database.Worker, TimeProvider.System), new SkippedCommands(database.App, TimeProvider.System));
        var dice = new Random(1);
        for (var round = 1; round <= TestSize.Of(2_000, 150); round++)
        {
            var (sale, refund) = (Sample.Id("txn", round), Sample.Id("adj", round));
            var skipped = await database.Skipped(sale);
            var body = Sample.LastPage(Sample.Adjustment(round, of: round)).Bytes();
            var read = ReadPages.Read(body, RowKind.Adjustment, [], Sample.Origin, "/adjustments");
            var fetched = new FetchedPage("AllAdjustments", "/adjustments", new(200, body, DateTimeOffset.UnixEpoch, "req"), [1], 1, null, null);
            using var together = new Barrier(2);
            var paging = Task.Run(() =>
            {
                together.SignalAndWait();
                return rows.Commit(new(source, Run, "full", claim), fetched, RowKind.Adjustment, read, null, CancellationToken.None);
            });
            var spin = dice.Next(20_000);
            var deciding = Task.Run(() =>
            {
                together.SignalAndWait();
                Thread.SpinWait(spin);
                return commands.Decide(Workspace, Register.By("usr_1"), new DecideSkippedRequest([skipped], "include", "because"), CancellationToken.None);
            });
            await paging;
            Assert.Equal("done", Assert.Single((await deciding)!).Result);
            Assert.Equal($"counts {round}", await database.Ask($"select standing || ' {round}' from provider_object where provider_id = '{refund}'"));
            Assert.Equal($"{sale} {refund}", await database.Ask(
                $"select string_agg(provider_id, ' ' order by seq) from outbox where provider_id in ('{sale}', '{refund}')"));
        }
    }
}
