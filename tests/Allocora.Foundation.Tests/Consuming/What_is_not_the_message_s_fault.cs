using Allocora.Messaging;
using Allocora.Probe;
using Allocora.Testing;
using Npgsql;

namespace Allocora.Foundation.Tests.Consuming;

public sealed class What_is_not_the_message_s_fault
{
    [Fact]
    public async Task A_database_that_is_killed_under_load_costs_no_message()
    {
        await using var postgres = await OwnPostgres.Start();
        await using var desk = await NoteDesk.Open(postgres: postgres.Superuser);
        var notes = TestSize.Of(100_000, 10_000);
        await desk.Publish(Enumerable.Range(0, notes).Select(n => new Note(n)));
        await desk.Consuming();

        for (var stop = 1; stop <= TestSize.Of(10, 2); stop++)
        {
            var enough = notes * stop / 25;
            await Eventually.Sees(_ => desk.Count("mt_events"), n => n > enough, NoteDesk.Patience);
            await postgres.StopImmediately();
        }
        await desk.KeptAll(notes);
        await Eventually.Sees(_ => desk.Waiting(), n => n == 0, NoteDesk.Patience);

        Assert.Equal(Enumerable.Range(0, notes), (await desk.Kept()).Order());
        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    [Fact]
    public async Task What_was_acknowledged_is_in_the_log_when_the_database_is_killed()
    {
        await using var postgres = await OwnPostgres.Start();
        await using var desk = await NoteDesk.Open(postgres: postgres.Superuser);
        for (var round = 0; round < TestSize.Of(10, 2); round++)
        {
            await desk.Publish(Enumerable.Range(0, 3000).Select(n => new Note(round * 3000 + n)));
            var before = await desk.Count("mt_events");
            var host = await desk.Consuming();
            await Eventually.Sees(_ => desk.Count("mt_events"), n => n > before + 400, NoteDesk.Patience);
            await postgres.StopImmediately();
            await host.StopAsync();
            NpgsqlConnection.ClearAllPools();

            // Whatever the broker no longer has was acknowledged.
            await Eventually.Sees(_ => desk.Count("mt_events"), n => n > before, NoteDesk.Patience);
            var left = await desk.Waiting();
            var kept = (await desk.Kept()).ToHashSet();
            Assert.All(Enumerable.Range(0, ((round + 1) * 3000) - (int)left), n => Assert.Contains(n, kept));
            Assert.Equal(0, await desk.Count("dead_letter"));
        }
    }

    [Theory]
    [InlineData("select * from no_such_table", "PostgreSQL answers 42P01.")]
    [InlineData("set statement_timeout = 1; select pg_sleep(10)", "PostgreSQL answers 57014.")]
    public async Task It_waits_with_the_reason_and_goes_on_by_itself(string statement, string reason)
    {
        await using var desk = await NoteDesk.Open();
        var (notes, isBroken, calls) = (new Notes(desk.Log.Log, isFixed: true), true, 0);
        await desk.Publish(Enumerable.Range(0, 500).Select(n => new Note(n)));
        var host = await desk.Consuming(async (batch, ct) =>
        {
            Interlocked.Increment(ref calls);
            if (Volatile.Read(ref isBroken)) await LogDatabase.Ask(desk.Log.Worker, statement);
            return await notes.Handle(batch, ct);
        });

        var seen = await Eventually.Sees(ct => NoteDesk.Readiness(host, ct), r => r.Detail?.StartsWith("PostgreSQL", StringComparison.Ordinal) == true);
        Assert.Equal((false, reason), seen);
        await Eventually.Sees(() => Volatile.Read(ref calls), n => n >= 4);
        Assert.Equal(0, await desk.Count("dead_letter"));

        Volatile.Write(ref isBroken, false);
        await desk.KeptAll(500);
        await Eventually.Sees(ct => NoteDesk.Readiness(host, ct), r => r.Ok);
        Assert.Equal(Enumerable.Range(0, 500), await desk.Kept());
        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    [Fact]
    public async Task However_long_it_lasts_it_does_not_use_up_the_deliveries_of_the_messages()
    {
        await using var desk = await NoteDesk.Open();
        var (time, calls) = (new ManualTime(), 0);
        await desk.Publish(Enumerable.Range(0, 300).Select(n => new Note(n)));
        var host = desk.Consumer(time: time, handler: (_, _) =>
        {
            Interlocked.Increment(ref calls);
            throw new UnavailableException("The rates are not there.");
        });
        await host.StartAsync();

        // An hour, in which the pauses are at most half a minute.
        for (var minute = 0; minute < 60; minute++)
        {
            var before = Volatile.Read(ref calls);
            for (var second = 0; second < 60; second += 10) time.Advance(TimeSpan.FromSeconds(10));
            await Eventually.Sees(() => { time.Advance(TimeSpan.FromSeconds(1)); return Volatile.Read(ref calls); }, n => n > before, NoteDesk.Patience);
        }
        await host.StopAsync();

        var counts = await desk.DeliveryCounts();
        Assert.Equal(300, counts.Count);
        Assert.InRange(counts.Max(), 1, 25);
        Assert.InRange(counts.Skip(1).Max(), 0, 2);
    }

    [Fact]
    public async Task A_handler_that_does_not_answer_for_every_message_is_waited_for()
    {
        await using var desk = await NoteDesk.Open();
        await desk.Publish(new Note(1));
        var host = await desk.Consuming((_, _) => Task.FromResult<IReadOnlyList<Verdict>>([]));

        var seen = await Eventually.Sees(ct => NoteDesk.Readiness(host, ct), r => r.Detail?.StartsWith("The handler", StringComparison.Ordinal) == true);

        Assert.Equal("The handler answers for 0 of 1 messages.", seen.Detail);
        Assert.Equal(0, await desk.Count("dead_letter"));
    }

    [Fact]
    public async Task A_connection_that_is_lost_is_taken_up_again()
    {
        await using var desk = await NoteDesk.Open();
        await desk.Consuming();
        await desk.Publish(new Note(1));
        await desk.KeptAll(1);

        foreach (var connection in await desk.Vhost.Connections(atLeast: 3)) await desk.Vhost.Close(connection);
        await desk.Reconnect();
        await desk.Publish(new Note(2));
        await desk.KeptAll(2);

        Assert.Equal([1, 2], await desk.Kept());
    }
}
