using System.Text;
using Allocora.Testing;

namespace Allocora.Connector.Tests;

/// <summary>Of two who believe to work on the same source, one writes.</summary>
public sealed class Losing_the_claim_on_a_source : IAsyncLifetime
{
    private const string Workspace = RunningConnector.Workspace, SourceId = "src_01hf7yat00000000000000000a", Run = "run_01hf7yat00000000000000000a";
    private static readonly TimeSpan Lease = TimeSpan.FromMilliseconds(300);
    private readonly Source source = new(
        Workspace, SourceId, "Ours", "sandbox", null, new([], null, []), 60, "active", null, [], DateTimeOffset.UnixEpoch, 1);
    private ConnectorDatabase database = null!;

    public async Task InitializeAsync()
    {
        database = await ConnectorDatabase.Create();
        await database.Ask($"""
            insert into source (tenant_id, id, name, environment, currencies, custom_data_keys, interval_minutes, state, lacks, connected_at, version)
              values ('{Workspace}', '{SourceId}', 'Ours', 'sandbox', array[]::text[], array[]::text[], 60, 'active', array[]::text[], now(), 1);
            insert into sync_run (tenant_id, id, source_id, mode, state, trigger, requested_at)
              values ('{Workspace}', '{Run}', '{SourceId}', 'full', 'running', 'person', now())
            """);
    }

    public async Task DisposeAsync() => await database.DisposeAsync();

    [Fact]
    public async Task Who_slept_past_the_lease_cannot_write_any_more()
    {
        var (claims, patient) = (new Claims(database.Worker, Lease), new Claims(database.Worker, TimeSpan.FromMinutes(5)));
        for (var round = 0; round < 20; round++)
        {
            var slept = await Taken(claims, "first");
            await Bind(slept);
            var epoch = slept.Epoch;
            var awake = await Taken(patient, "second"); // once the lease of the first is over
            Assert.Equal(epoch + 1, awake.Epoch);
            await Bind(awake);

            await Assert.ThrowsAsync<FencedException>(() => Page(slept));
            Assert.False(await claims.Keep(slept, CancellationToken.None));
            await Page(awake);
            Assert.Equal((long)(round + 1), await database.Ask("select count(*) from sync_page"));
            Assert.True(await patient.GiveBack(awake, CancellationToken.None));
        }
        Assert.Equal(20L, await database.Ask("select count(distinct epoch) from sync_page"));
    }

    [Fact]
    public async Task Who_slept_before_taking_the_run_leaves_it_to_who_has_it()
    {
        var (claims, patient) = (new Claims(database.Worker, Lease), new Claims(database.Worker, TimeSpan.FromMinutes(5)));
        var (runs, run) = (new SyncRuns(database.Worker), new SyncRun(Workspace, Run, SourceId, "full", null, 0));
        var (slept, awake) = (await Taken(claims, "first"), await Taken(patient, "second"));
        var (stale, fresh) = (Plan("stale"), Plan("fresh"));

        Assert.True(await runs.Take(run, awake, fresh, CancellationToken.None));
        Assert.False(await runs.Take(run, slept, stale, CancellationToken.None));
        Assert.Equal(awake.Epoch, await database.Ask("select epoch from sync_run"));
        Assert.Equal("fresh", await database.Ask("select plan->>'KnownMark' from sync_run"));

        static RunPlan Plan(string mark) => RunPlan.Begin(isFull: true, new(null, null, null, mark, null), [], sweepIsDue: false);
    }

    [Fact]
    public async Task One_whose_lease_is_over_cannot_write_even_while_nobody_else_has_it()
    {
        var claims = new Claims(database.Worker, Lease);
        var late = await Taken(claims, "late");
        await Bind(late);
        await Eventually.Sees(_ => database.Ask("select expires_at < clock_timestamp() from sync_lease"), over => over is true);
        await Assert.ThrowsAsync<FencedException>(() => Page(late));
    }

    [Fact]
    public async Task Many_race_and_one_has_it_at_a_time()
    {
        var claims = new Claims(database.Worker, TimeSpan.FromSeconds(30));
        for (var round = 0; round < 30; round++)
        {
            var taken = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => claims.Take("src_race", $"worker {i}", CancellationToken.None)));
            var one = Assert.Single(taken, claim => claim is not null);
            Assert.Equal(round + 1, one!.Epoch);
            await claims.GiveBack(one, CancellationToken.None);
        }
    }

    private static Task<Claim> Taken(Claims claims, string who) =>
        Eventually.Sees(ct => claims.Take(SourceId, who, ct), claim => claim is not null)!;

    private Task<object?> Bind(Claim claim) => database.Ask($"update sync_run set epoch = {claim.Epoch} where id = '{Run}'");

    private async Task Page(Claim claim)
    {
        var body = Encoding.UTF8.GetBytes("""{"data":[],"meta":{"pagination":{"per_page":30,"has_more":false,"next":"","estimated_total":0}}}""");
        var answer = new PaddleAnswer(200, body, DateTimeOffset.UnixEpoch, "req");
        var read = ReadPages.Read(body, RowKind.Transaction, [], new("https://sandbox-api.paddle.com"), "/transactions");
        await new CommitRows(database.Worker, TimeProvider.System).Commit(
            new(source, Run, "full", claim), new("Transactions", "/transactions", answer, [1], 0, null, null), RowKind.Transaction, read, null, default);
    }
}
