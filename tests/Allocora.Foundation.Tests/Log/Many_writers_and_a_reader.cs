using System.Collections.Concurrent;
using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using static Allocora.Foundation.Tests.Log.Make;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Allocora.Foundation.Tests.Log;

/// <summary>A reader who goes by position alone sees exactly what was committed, however the writers dawdle and fail.</summary>
public sealed class Many_writers_and_a_reader : IAsyncLifetime
{
    private const int Writers = 16, EventsPerCall = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly ConcurrentBag<Guid> committed = [];
    private LogDatabase log = null!;

    private delegate Task<List<(long Sequence, Guid Id)>> Reader(long after);

    private delegate Task Writer(NpgsqlTransaction transaction, Random random, int writer, Guid[] ids);

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        await log.Ask("insert into mt_streams (tenant_id, id, version) select 'ws_one', 'plain-' || n, 0 from generate_series(0, 15) n");
    }

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task It_sees_exactly_what_was_committed_and_in_order()
    {
        var events = TestSize.Of(500_000, atLeast: 25_000);
        var reading = ReadUntilDone(ByPosition, out var done);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Write(new Random(w), Append, () => committed.Count < events)));
        done.SetResult();
        var seen = await reading;

        Assert.Equal(committed.Order(), seen.Select(e => e.Id).Order());
        Assert.Equal(seen.Select(e => e.Sequence).Order(), seen.Select(e => e.Sequence));
        Assert.Equal(committed.Count, (int)(long)(await log.Ask("select count(*) from mt_events"))!);
        Assert.True((long)(await log.Ask("select last_value from mt_events_sequence"))! > committed.Count, "nothing was rolled back");
    }

    [Fact]
    public async Task The_same_test_catches_writers_who_take_numbers_without_waiting_for_each_other() =>
        Assert.True(await Misses(ByPosition, InsertPlainly));

    [Fact]
    public async Task And_a_reader_who_trusts_the_oldest_transaction_and_goes_by_position_all_the_same() =>
        Assert.True(await Misses(ByOldestTransaction, InsertAfterAnotherWrite));

    [Fact]
    public async Task A_writer_who_falls_asleep_holding_the_log_is_sent_away_and_nothing_is_missed()
    {
        var reading = ReadUntilDone(ByPosition, out var done);
        await using var connection = await log.Worker.OpenConnectionAsync();
        await using var asleep = await connection.BeginTransactionAsync();
        await EventLog.Append(asleep, [Entry("asleep")], default);

        // Each waits, gives up when it has waited too long, and comes again; none of them gets through before the sleeper is gone.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Eventually.Sees(
            async ct => (await log.Log.Append([Entry($"awake-{writer}", $"{writer}")], ct))[0].Outcome, _ => true)));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => asleep.CommitAsync());

        done.SetResult();
        Assert.Equal(8, (await reading).Count);
        Assert.Equal(8L, await log.Ask("select count(*) from mt_events where stream_id like 'awake-%'"));
        Assert.Equal(0L, await log.Ask("select count(*) from mt_streams where id = 'asleep'"));
    }

    [Fact]
    public async Task Every_observation_is_kept_once_however_often_and_through_whom_it_comes()
    {
        const int times = 3, workers = 4, batch = 200;
        var observations = TestSize.Of(100_000);
        var deliveries = Enumerable.Range(0, observations * times).Select(i => i % observations).ToArray();
        new Random(20261121).Shuffle(deliveries);
        var appended = new ConcurrentBag<int>();

        await Parallel.ForEachAsync(deliveries.Chunk(batch), new ParallelOptions { MaxDegreeOfParallelism = workers }, async (chunk, ct) =>
        {
            var answers = await log.Log.Append([.. chunk.Select(n => Entry($"paddle-live-txn_{n}", $"paddle/live/txn_{n}/a", events: 1 + n % 2))], ct);
            foreach (var (n, answer) in chunk.Zip(answers))
                if (answer.Outcome == Outcome.Appended) appended.Add(n);
        });

        Assert.Equal(Enumerable.Range(0, observations), appended.Order());
        Assert.Equal(observations + observations / 2, (int)(long)(await log.Ask("select count(*) from mt_events"))!);
        const string versions = """
            select count(*) from (
              select max(e.version) <> count(*) or min(e.version) <> 1 or max(e.version) <> max(s.version) as bad
              from mt_events e join mt_streams s on s.tenant_id = e.tenant_id and s.id = e.stream_id group by s.tenant_id, s.id) as streams
            where bad
            """;
        Assert.Equal(0L, await log.Ask(versions));
        Assert.True((await new Seal(log.Tail).Verify("ws_one", default)).Ok);
    }

    /// <summary>Rounds of writing and reading, until at the end of one the reader has not seen all there is.</summary>
    private async Task<bool> Misses(Reader reader, Writer writer)
    {
        const int callsARound = 10;
        var seen = new List<(long, Guid)>();
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < Patience;)
        {
            var reading = ReadUntilDone(reader, out var done, seen);
            await Task.WhenAll(Enumerable.Range(0, Writers).Select(w =>
            {
                var calls = 0;
                return Write(new Random(HashCode.Combine(w, seen.Count)), writer, () => calls++ < callsARound);
            }));
            done.SetResult();
            seen = await reading;
            if (seen.Count < committed.Count) return true;
        }
        return false;
    }

    private async Task Write(Random random, Writer write, Func<bool> goesOn)
    {
        var writer = random.Next(Writers);
        await using var connection = await log.Owner.OpenConnectionAsync();
        while (goesOn())
        {
            var ids = Enumerable.Range(0, EventsPerCall).Select(_ => Guid.CreateVersion7()).ToArray();
            await using var transaction = await connection.BeginTransactionAsync();
            await write(transaction, random, writer, ids);
            await Dawdle(transaction, random); // between the numbers and the commit, where a reader could pass by
            if (random.Next(20) == 0)
            {
                await transaction.RollbackAsync();
                continue;
            }
            await transaction.CommitAsync();
            foreach (var id in ids) committed.Add(id);
        }
    }

    private static async Task Dawdle(NpgsqlTransaction transaction, Random random)
    {
        await using var sleep = new NpgsqlCommand("select pg_sleep($1)", transaction.Connection, transaction);
        sleep.Parameters.Add(new() { Value = random.NextDouble() * 0.004 });
        await sleep.ExecuteNonQueryAsync();
    }

    private static async Task Append(NpgsqlTransaction transaction, Random random, int writer, Guid[] ids)
    {
        var events = ids.Select(id => Event("""{"Amount":"1"}""") with { Id = id }).ToArray();
        await EventLog.Append(transaction, [new("ws_one", $"stream-{writer}", null, null, events)], default);
    }

    private static async Task InsertPlainly(NpgsqlTransaction transaction, Random random, int writer, Guid[] ids)
    {
        const string statement = """
            insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id)
            select nextval('mt_events_sequence'), id, 'plain-' || $2, nextval('mt_events_sequence'), '{}', 'plain', 'ws_one' from unnest($1) as id
            """;
        await using var command = new NpgsqlCommand(statement, transaction.Connection, transaction);
        command.Parameters.Add(new() { Value = ids });
        command.Parameters.Add(new() { Value = writer });
        await command.ExecuteNonQueryAsync();
    }

    // The older of two transactions may so take the higher numbers.
    private static async Task InsertAfterAnotherWrite(NpgsqlTransaction transaction, Random random, int writer, Guid[] ids)
    {
        await using (var another = new NpgsqlCommand("select txid_current()", transaction.Connection, transaction)) await another.ExecuteNonQueryAsync();
        await Dawdle(transaction, random);
        await InsertPlainly(transaction, random, writer, ids);
    }

    private async Task<List<(long, Guid)>> ByPosition(long after)
    {
        var page = new List<(long, Guid)>();
        await foreach (var one in log.Feed.After(after, 500)) page.Add((one.Sequence, one.Id));
        return page;
    }

    // Sees only what is older than every open transaction, which is not enough.
    private async Task<List<(long, Guid)>> ByOldestTransaction(long after)
    {
        const string question = """
            select seq_id, id from mt_events
            where seq_id > $1 and xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint order by seq_id limit 500
            """;
        await using var command = log.Tail.CreateCommand(question);
        command.Parameters.Add(new() { Value = after });
        await using var reader = await command.ExecuteReaderAsync();
        var page = new List<(long, Guid)>();
        while (await reader.ReadAsync()) page.Add((reader.GetInt64(0), reader.GetGuid(1)));
        return page;
    }

    private static Task<List<(long Sequence, Guid Id)>> ReadUntilDone(
        Reader reader, out TaskCompletionSource done, IReadOnlyList<(long, Guid)>? before = null)
    {
        var over = done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Task.Run(async () =>
        {
            var seen = new List<(long Sequence, Guid Id)>(before ?? []);
            while (true)
            {
                var wasOver = over.Task.IsCompleted;
                var page = await reader(seen.Count == 0 ? 0 : seen[^1].Sequence);
                seen.AddRange(page);
                if (wasOver && page.Count == 0) return seen;
            }
        });
    }
}
