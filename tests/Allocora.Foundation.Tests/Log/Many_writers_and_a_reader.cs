using System.Collections.Concurrent;
using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using static Allocora.Foundation.Tests.Log.Make;

namespace Allocora.Foundation.Tests.Log;

/// <summary>A reader who goes by position alone sees exactly what was committed, however the writers dawdle and fail.</summary>
public sealed class Many_writers_and_a_reader : IAsyncLifetime
{
    private const int Writers = 16, CallsEach = 40, EventsPerCall = 40;
    private readonly ConcurrentBag<Guid> committed = [];
    private LogDatabase log = null!;

    public async Task InitializeAsync() => log = await LogDatabase.Create();

    public async Task DisposeAsync() => await log.DisposeAsync();

    [Fact]
    public async Task It_sees_exactly_what_was_committed_and_in_order()
    {
        var reading = ReadUntilDone(log.Feed, out var done);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Write(new Random(w), Append)));
        done.SetResult();
        var seen = await reading;

        Assert.Equal(committed.Order(), seen.Select(e => e.Id).Order());
        Assert.Equal(seen.Select(e => e.Sequence).Order(), seen.Select(e => e.Sequence));
        Assert.Equal(committed.Count, (int)(long)(await log.Ask("select count(*) from mt_events"))!);
        Assert.True(committed.Count > Writers * CallsEach * EventsPerCall / 2, $"only {committed.Count} events were committed");
    }

    [Fact]
    public async Task The_same_test_catches_writers_who_do_not_wait_for_each_other()
    {
        // Whoever takes numbers before the lock, as a plain insert does, is missed: this is what the lock is for.
        await log.Ask("insert into mt_streams (tenant_id, id, version) select 'ws_one', 'plain-' || n, 0 from generate_series(0, 15) n");
        var reading = ReadUntilDone(log.Feed, out var done);

        await Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Write(new Random(w), InsertPlainly)));
        done.SetResult();
        var seen = await reading;

        Assert.True(seen.Count < committed.Count, "the reader missed nothing, so this test could not have noticed");
    }

    [Fact]
    public async Task Every_observation_is_kept_once_however_often_and_through_whom_it_comes()
    {
        const int observations = 5000, times = 3, workers = 4, batch = 200;
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
        var stored = await log.Feed.All();
        Assert.Equal(observations + observations / 2, stored.Count);
        foreach (var stream in stored.GroupBy(e => e.Stream))
            Assert.Equal(Enumerable.Range(1, stream.Count()).Select(v => (long)v), stream.Select(e => e.Version));
        Assert.True((await new Seal(log.Tail).Verify("ws_one", default)).Ok);
    }

    private async Task Write(Random random, Func<NpgsqlTransaction, int, Guid[], Task> append)
    {
        var writer = random.Next();
        await using var connection = await log.Owner.OpenConnectionAsync();
        for (var call = 0; call < CallsEach; call++)
        {
            var ids = Enumerable.Range(0, EventsPerCall).Select(_ => Guid.CreateVersion7()).ToArray();
            await using var transaction = await connection.BeginTransactionAsync();
            await append(transaction, writer % 16, ids);
            // Between the numbers and the commit, where a reader could pass by.
            await using (var dawdle = new NpgsqlCommand("select pg_sleep($1)", connection, transaction))
            {
                dawdle.Parameters.Add(new() { Value = random.NextDouble() * 0.004 });
                await dawdle.ExecuteNonQueryAsync();
            }
            if (random.Next(20) == 0)
            {
                await transaction.RollbackAsync();
                continue;
            }
            await transaction.CommitAsync();
            foreach (var id in ids) committed.Add(id);
        }
    }

    private static async Task Append(NpgsqlTransaction transaction, int stream, Guid[] ids)
    {
        var events = ids.Select(id => Event("""{"Amount":"1"}""") with { Id = id }).ToArray();
        await EventLog.Append(transaction, [new("ws_one", $"stream-{stream}", null, null, events)], default);
    }

    private static async Task InsertPlainly(NpgsqlTransaction transaction, int stream, Guid[] ids)
    {
        const string statement = """
            insert into mt_events (seq_id, id, stream_id, version, data, type, tenant_id)
            select nextval('mt_events_sequence'), id, 'plain-' || $2, nextval('mt_events_sequence'), '{}', 'plain', 'ws_one' from unnest($1) as id
            """;
        await using var command = new NpgsqlCommand(statement, transaction.Connection, transaction);
        command.Parameters.Add(new() { Value = ids });
        command.Parameters.Add(new() { Value = stream });
        await command.ExecuteNonQueryAsync();
    }

    private static Task<List<StoredEvent>> ReadUntilDone(EventFeed feed, out TaskCompletionSource done)
    {
        var over = done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return Task.Run(async () =>
        {
            var seen = new List<StoredEvent>();
            while (true)
            {
                var wasOver = over.Task.IsCompleted;
                var before = seen.Count;
                await foreach (var one in feed.After(seen.Count == 0 ? 0 : seen[^1].Sequence, 500)) seen.Add(one);
                if (wasOver && seen.Count == before) return seen;
            }
        });
    }
}
