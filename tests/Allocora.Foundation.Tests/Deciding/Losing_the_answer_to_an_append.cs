using Allocora.EventStore;
using Allocora.Testing;
using Npgsql;
using UnreachableException = System.Diagnostics.UnreachableException;

namespace Allocora.Foundation.Tests.Deciding;

/// <summary>The connection is cut around the commit, so nobody knows at first whether the decision is in the log.</summary>
public sealed class Losing_the_answer_to_an_append : IAsyncLifetime
{
    // It would count twice if it were appended twice.
    private static readonly Decider<int, SaleHappened> Count = new(0, (n, _) => n + 1);
    private LogDatabase log = null!;
    private Wire wire = null!;
    private NpgsqlDataSource source = null!, superuser = null!;
    private Streams streams = null!;

    public async Task InitializeAsync()
    {
        log = await LogDatabase.Create();
        superuser = log.As(LogDatabase.Superuser);
        var address = new NpgsqlConnectionStringBuilder(log.AddressOf($"{LogDatabase.Service}_app")) { SearchPath = LogDatabase.Service };
        wire = new(address.Host!, address.Port);
        (address.Host, address.Port, address.SslMode) = ("127.0.0.1", wire.Port, SslMode.Disable);
        source = NpgsqlDataSource.Create(address.ConnectionString);
        streams = new(source, Sales.Catalog, TimeProvider.System);
    }

    public async Task DisposeAsync()
    {
        await source.DisposeAsync();
        wire.Dispose();
        await log.DisposeAsync();
    }

    [Theory]
    [InlineData(nameof(Cut.Before), null)]
    [InlineData(nameof(Cut.Behind), null)]
    [InlineData(nameof(Cut.Answer), null)]
    [InlineData(nameof(Cut.Before), "cmd")]
    [InlineData(nameof(Cut.Behind), "cmd")]
    [InlineData(nameof(Cut.Answer), "cmd")]
    public async Task What_was_decided_is_in_the_log_once(string cut, string? key)
    {
        var rounds = TestSize.Of(500, atLeast: 25);
        for (var round = 1; round <= rounds; round++)
        {
            wire.Next(Enum.Parse<Cut>(cut));
            var standing = await Add(key is null ? null : $"{key}_{round}");

            Assert.Equal((Outcome.Appended, (long)round), (standing.Outcome!.Value, standing.Version));
            Assert.Equal(round, wire.Cuts);
        }
        Assert.Equal(rounds, (await Log.Make.All(log.Feed)).Count);
        Assert.True((await new Seal(log.Tail).Verify("ws_one", default)).Ok);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("cmd")]
    public async Task An_append_that_arrives_after_its_own_repetition_began_is_counted_once(string? key)
    {
        var rounds = TestSize.Of(100, atLeast: 10);
        for (var round = 1; round <= rounds; round++)
        {
            // Both appends wait at the door: the one whose connection is gone, and the one that repeats it.
            await using var holder = await log.Owner.OpenConnectionAsync();
            await using var held = await holder.BeginTransactionAsync();
            await new NpgsqlCommand("select pg_advisory_xact_lock(x'A110C04A'::bigint)", holder, held).ExecuteNonQueryAsync();
            wire.Next(Cut.Behind);
            var adding = Add(key is null ? null : $"{key}_{round}");
            await Eventually.Sees(async _ => (long)(await LogDatabase.Ask(superuser, Waiting))!, waiting => waiting == 2, TimeSpan.FromSeconds(60));
            await held.CommitAsync();

            var standing = await adding;
            Assert.Equal((Outcome.Appended, (long)round), (standing.Outcome!.Value, standing.Version));
        }
        Assert.Equal(rounds, (await Log.Make.All(log.Feed)).Count);
    }

    [Fact]
    public async Task A_server_that_ends_the_connection_is_asked_again()
    {
        await Add(null);
        var killed = await LogDatabase.Ask(
            superuser, $"select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '{LogDatabase.Service}_app' and datname = '{log.Name}'");

        var again = await Add(null);

        Assert.Equal((1L, Outcome.Appended, 2L), (killed, again.Outcome!.Value, again.Version));
    }

    [Fact]
    public async Task A_database_that_stays_away_is_the_callers_matter()
    {
        wire.Dispose();

        await Assert.ThrowsAsync<NpgsqlException>(() => Add(null));
        Assert.Empty(await Log.Make.All(log.Feed));
    }

    [Theory]
    [InlineData("raise exception 'not today'", PostgresErrorCodes.RaiseException)]
    [InlineData("raise notice 'now'; perform pg_terminate_backend(pg_backend_pid())", PostgresErrorCodes.AdminShutdown)]
    [InlineData("raise notice 'now'; perform pg_sleep(60)", null)] // longer than we wait
    public async Task An_answer_does_not_count_when_the_commit_after_it_fails(string atCommit, string? error)
    {
        // A notice makes the server send at once what it has, so the answer is here before the commit.
        await log.Ask($"""
            create function at_commit() returns trigger language plpgsql as $$ begin {atCommit}; return null; end $$;
            create constraint trigger at_commit after insert on mt_events deferrable initially deferred for each row execute function at_commit()
            """);
        await using var impatient = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(source.ConnectionString)
        {
            Password = $"{LogDatabase.Service}_app", // a source does not tell its own
            CommandTimeout = error is null ? 1 : 30,
        });

        var refused = await Assert.ThrowsAnyAsync<NpgsqlException>(() => new EventLog(impatient).Append(Log.Make.Entry("one", "key"), default));

        // A connection the server ends may be gone before the reason for it was read.
        var isJustGone = error == PostgresErrorCodes.AdminShutdown && refused is { SqlState: null, InnerException: IOException };
        Assert.True(isJustGone || refused.SqlState == error, refused.ToString());
        Assert.Empty(await Log.Make.All(log.Feed));
        await log.Ask("drop trigger at_commit on mt_events");
        Assert.Equal(Outcome.Appended, (await new EventLog(source).Append(Log.Make.Entry("one", "key"), default)).Outcome);
    }

    [Theory]
    [InlineData("appended")]
    [InlineData("duplicate")]
    [InlineData("contended")]
    public async Task An_answer_nobody_knows_is_not_taken_for_another(string answer)
    {
        await log.Log.Append([Log.Make.Entry("one", "known")], default);
        await log.Ask($"do $$ begin execute replace(pg_get_functiondef('allocora_append'::regproc), '''{answer}''', '''unheard of'''); end $$");
        var entry = answer switch
        {
            "appended" => Log.Make.Entry("one", "another"),
            "duplicate" => Log.Make.Entry("one", "known"),
            _ => Log.Make.Entry("one", expected: 7),
        };

        await Assert.ThrowsAsync<UnreachableException>(() => log.Log.Append([entry], default));
        if (answer == "appended") entry = Log.Make.Entry("one", "a third");
        await Assert.ThrowsAsync<UnreachableException>(() => new EventLog(source).Append(entry, default));
    }

    private string Waiting =>
        $"select count(*) from pg_stat_activity where datname = '{log.Name}' and wait_event_type = 'Lock' and wait_event = 'advisory'";

    private Task<Standing> Add(string? key) => streams.Transact(
        "ws_one", "count", Count, n => new SaleRecorded($"{n}", 1, Channel.Web), new Origin("usr_1"), key, default);
}
